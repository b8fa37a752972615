/*
 * url: resolves, converts and compares URLs. libcurl parses them; nothing is requested.
 */
#ifndef BI_URL_H
#define BI_URL_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>

/* Resolves N bytes of TEXT below BASE (NULL: only absolute URLs are valid). Returns an http or https URL of printable
 * ASCII, without a fragment, shorter than MEDIA_URL, or NULL if TEXT is not one. The caller frees it with free(). */
char *url_resolve(CURLU *base, const char *text, size_t n);

/* Returns the relative URL in N bytes of TEXT, if the base is not known: without blanks around it, and with invalid
 * characters percent-encoded, else unchanged, with its fragment. Returns NULL if it is invalid, within the page only,
 * or has a scheme or a host. The caller frees it with free(). */
char *url_relative(const char *text, size_t n);

/* Returns the absolute URL as it is asked for: blanks and bytes beyond ASCII percent-encoded (RFC 3987, 3.1), and a
 * host in Unicode as IDNA has it (RFC 5891). Returns NULL if URL is in this form already, has control characters, or
 * has a host that cannot be converted. LC_CTYPE must be a locale of UTF-8. The caller frees it with free(). */
char *url_to_ascii(const char *url);

/* Returns whether secrets for the host of the absolute URL A may be sent to that of B: host, scheme and port are the
 * same, or B is https on the default port and A is http on the default port of the same host. Returns false if either
 * is not a URL. */
bool url_is_same_host(const char *a, const char *b);

/* Returns whether A and B, absolute URLs, are the same, except for their fragments. Returns false if either is not a
 * URL. */
bool url_is_same(const char *a, const char *b);

/* Returns "image", "video" or "audio" if the path of the absolute URL has an extension of that kind, else NULL. */
const char *url_kind(const char *url);

/* Returns "image", "video" or "audio" if the media type TYPE (NULL: none) is one of that kind, else NULL. */
const char *url_kind_of_type(const char *type);

/* Returns whether the absolute URL, or the media type TYPE (NULL: none), is that of a stream in pieces: HLS (RFC 8216)
 * or DASH (ISO/IEC 23009-1). */
bool url_is_stream(const char *url);
bool url_is_stream_type(const char *type);

#endif
