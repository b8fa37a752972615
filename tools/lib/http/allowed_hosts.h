/*
 * allowed_hosts: the names by which a server of ours may be asked, so that no other name that leads to this machine
 * (DNS rebinding) and no page of another server reaches it through somebody's browser.
 *
 * One regular expression says which names these are, to lighttpd and to bi-api alike. Any port is
 * ours: people forward ports.
 */
#ifndef BI_ALLOWED_HOSTS_H
#define BI_ALLOWED_HOSTS_H

#include <stdbool.h>

#include "base/buf.h"

/*
 * Appends to OUT the pattern of the Hosts that are ours, for PCRE and POSIX alike: localhost, 127.0.0.1, [::1],
 * ADDRESS (in numbers, as the kernel writes it; with 0.0.0.0 or :: any address in numbers) and NAMES
 * (NULL-terminated, good by allowed_hosts_name_check(); NULL: none), with or without a port.
 */
void allowed_hosts_pattern(struct buf *out, const char *address, char *const *names);

/* NULL for a name of a machine that may be among NAMES, else what is wrong with it, to stand behind "the name 'X' ". */
const char *allowed_hosts_name_check(const char *name);

/* NULL for an origin as browsers send it in Origin (RFC 6454: http or https, a host in lower case, the port where it is
 * not the scheme's own), else what is wrong with it, to stand behind "the origin 'X' ". */
const char *allowed_hosts_origin_check(const char *origin);

struct allowed_hosts;

/* The site of a pattern. NULL when it is no regular expression. For allowed_hosts_close(). */
struct allowed_hosts *allowed_hosts_open(const char *pattern);
void allowed_hosts_close(struct allowed_hosts *s);

/* Whether a request's Host is ours; NULL is not. */
bool allowed_hosts_contain(const struct allowed_hosts *s, const char *host);

/*
 * Whether a request that writes comes from a page of ours, or from no page at all: its Origin is http:// or https://
 * and then the same as HOST, which is ours; or it has no Origin, and its Sec-Fetch-Site is missing, "none" or
 * "same-origin". ORIGIN and FETCH_SITE may be NULL.
 */
bool allowed_hosts_allow_origin(const struct allowed_hosts *s, const char *host, const char *origin,
				const char *fetch_site);

#endif
