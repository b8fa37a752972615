/*
 * address: tells whether a socket address belongs to the public internet. Programs that fetch URLs of strangers need
 * this.
 *
 * Check the address itself just before each connect(2): a name can have another address by then.
 */
#ifndef BI_ADDRESS_H
#define BI_ADDRESS_H

#include <sys/socket.h>

/*
 * Returns NULL for a public unicast address of IPv4 or IPv6, else a constant that says what it is, "a loopback
 * address". All addresses in IANA's registries of special-purpose addresses are refused, and all that are not global
 * unicast. An address that embeds one of IPv4 (mapped, NAT64, 6to4) is judged as that one. ADDRESS has the length of
 * its family.
 */
const char *address_check(const struct sockaddr *address);

/*
 * The same for HOST as it is in a URL (CURLUPART_HOST), for callers that use a proxy and cannot see the address of a
 * name. HOST may be an IPv4 address in each form of inet_aton(3), or an IPv6 address, with or without brackets and
 * zone. A name counts as public, except for localhost and the names below it (RFC 6761), which are "a loopback
 * address".
 */
const char *address_of_host_check(const char *host);

#endif
