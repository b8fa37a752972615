/*
 * allowed_hosts: the host names under which our servers answer. This keeps out other names that resolve to this machine
 * (DNS rebinding), and pages of other servers in a user's browser.
 *
 * lighttpd and bi-api use the same regular expression for these names. Any port is allowed, since people forward ports.
 */
#ifndef BI_ALLOWED_HOSTS_H
#define BI_ALLOWED_HOSTS_H

#include <stdbool.h>

#include "base/buf.h"

/* Appends to OUT the pattern of the allowed Host fields, for PCRE and POSIX alike: localhost, 127.0.0.1, [::1], ADDRESS
 * (numeric, as the kernel writes it; 0.0.0.0 and :: allow any numeric address) and NAMES (NULL-terminated, valid by
 * allowed_hosts_name_check(); NULL: none), with or without a port. */
void allowed_hosts_pattern(struct buf *out, const char *address, char *const *names);

/* Returns NULL for a host name that may be in NAMES, else the reason, which continues "the name 'X' ". */
const char *allowed_hosts_name_check(const char *name);

/* Returns NULL for a valid Origin field (RFC 6454: http or https, a host in lower case, the port unless it is the
 * default), else the reason, which continues "the origin 'X' ". */
const char *allowed_hosts_origin_check(const char *origin);

struct allowed_hosts;

/* Compiles the pattern. Returns NULL if it is not a regular expression. allowed_hosts_close() frees it. */
struct allowed_hosts *allowed_hosts_open(const char *pattern);
void allowed_hosts_close(struct allowed_hosts *s);

/* Returns whether a request's Host is allowed; NULL is not. */
bool allowed_hosts_contain(const struct allowed_hosts *s, const char *host);

/* Returns whether a writing request comes from a page of ours or from no page: its Origin is http:// or https://
 * followed by HOST, which is allowed; or it has no Origin, and its Sec-Fetch-Site is missing, "none" or "same-origin".
 * ORIGIN and FETCH_SITE may be NULL. */
bool allowed_hosts_allow_origin(const struct allowed_hosts *s, const char *host, const char *origin,
				const char *fetch_site);

#endif
