/*
 * address: whether a socket address is one of the public internet, for those who fetch what strangers name.
 *
 * To be asked about the address itself just before connect(2), for each connection: a name can have another address
 * by then.
 */
#ifndef BI_ADDRESS_H
#define BI_ADDRESS_H

#include <sys/socket.h>

/*
 * NULL for a public unicast address of IPv4 or IPv6, else what it is, "a loopback address", as a constant. Whatever
 * IANA's registries of special-purpose addresses list is refused, and so is what is not global unicast at all. An
 * address that stands for one of IPv4 (mapped, NAT64, 6to4) is judged as that one.
 * ADDRESS is as long as its family says.
 */
const char *address_check(const struct sockaddr *address);

/*
 * The same of HOST as a URL has it (CURLUPART_HOST), for those who cannot see where a name leads, since a proxy looks
 * it up. It may be an IPv4 address in each form that inet_aton(3) takes, or an IPv6 address, in brackets or not, with a
 * zone or not. A name is judged as public, except for localhost and the names below it (RFC 6761), which are returned
 * as "a loopback address".
 */
const char *address_of_host_check(const char *host);

#endif
