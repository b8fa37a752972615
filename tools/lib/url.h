/*
 * url: URLs as they stand in pages, made absolute. libcurl takes them apart; nothing is asked of the network.
 */
#ifndef BI_URL_H
#define BI_URL_H

#include <curl/curl.h>
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

/* "image", "video" or "audio" where the URL's path ends as files of that kind do, else NULL. */
const char *url_kind(const char *url);

#endif
