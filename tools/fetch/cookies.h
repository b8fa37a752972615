/*
 * cookies: those that one transfer gets count for the next, and files of them.
 */
#ifndef BI_COOKIES_H
#define BI_COOKIES_H

#include "settings.h"

/* Ends the program where PATH, from which WHAT is to be read, cannot be read: libcurl would go on without. NULL is
 * passed over. */
void cookies_check_readable(const char *path, const char *what);

/* Returns what all transfers share, for curl_share_cleanup(); NULL where the settings have no cookies. Ends the program
 * where files of them cannot be used. */
CURLSH *cookies_share(const struct settings *set);

#endif
