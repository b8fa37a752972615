/*
 * cookies: those that one transfer gets count for the next, and files of them.
 *
 * A file has the lines of Netscape's format, which curl and browsers' extensions write, lines "Set-Cookie: ...", or
 * JSON as browsers' extensions export it: an array of cookies, or an object that has it as "cookies".
 */
#ifndef BI_COOKIES_H
#define BI_COOKIES_H

#include "hosts/host_rules.h"
#include "settings.h"

/* Returns what all transfers share, for cookies_close(), with the cookies of the files that SET and RULES name; NULL
 * where neither has any. Ends the program where such a file cannot be read, or has anything but cookies. */
CURLSH *cookies_share(const struct settings *set, const struct host_rules *rules);

/* Writes what is in SHARE to the jar PATH, unless that is NULL, and frees SHARE, which no handle may use any more. NULL
 * does nothing. No handle may have CURLOPT_COOKIEJAR: each would write its own cookies there, and those of strangers
 * are kept apart from these. */
void cookies_close(CURLSH *share, const char *path);

#endif
