/*
 * url: URLs as they stand in pages, made absolute. libcurl takes them apart; nothing is asked of the network.
 */
#ifndef BI_URL_H
#define BI_URL_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * The http or https URL that N bytes of TEXT mean below BASE (NULL: only absolute ones mean any): printable ASCII,
 * without a fragment, shorter than MEDIA_URL. NULL where they mean none. For free().
 */
char *url_resolve(CURLU *base, const char *text, size_t n);

/*
 * The relative address that N bytes of TEXT are, where it is not known below what: without blanks around it and with
 * what has no place in it percent-encoded, else as it stands, its fragment too. NULL: it is none, or one within the
 * page, or has a scheme or a host. For free().
 */
char *url_relative(const char *text, size_t n);

/*
 * Whether what is secret to the host of the absolute URL A may be told to that of B: the host is the same, and so are
 * scheme and port, or B is its https on the usual port where A is its http on that. False also for what is no URL.
 */
bool url_is_same_host(const char *a, const char *b);

/* "image", "video" or "audio" where the URL's path ends as files of that kind do, else NULL. */
const char *url_kind(const char *url);

#endif
