/*
 * userinfo: separates a URL from the name and password before its host (RFC 3986, 3.2.1). As in browsers, the userinfo
 * ends at the last '@' before the path.
 */
#ifndef BI_USERINFO_H
#define BI_USERINFO_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/*
 * Removes the userinfo and its '@' from URL in place. Appends it to OUT, if given, percent-encoded as it was and
 * without the '@'. Returns false, with URL and OUT unchanged, for a URL that has no userinfo.
 */
bool userinfo_extract(char *url, struct buf *out);

/* Appends URL with USERINFO before its host to OUT. This is the reverse of userinfo_extract(). */
void userinfo_insert(const char *url, const char *userinfo, struct buf *out);

/*
 * Returns whether URL has a name or password that userinfo_extract() cannot find: it contains a '/', '?' or '#', as in
 * "http://me:a/b@host/", whose host would be "me" and whose port "a" is not a number; or it has no "://" before it. The
 * text behind the scheme, or the whole URL, is then replaced by "…" in place, so that it can be shown.
 */
bool userinfo_hide_torn(char *url);

/* What is wrong with such a URL, to stand behind "its URL". */
extern const char userinfo_torn[];

/*
 * Removes the userinfo from each URL in the N bytes TEXT, in place. TEXT may be of any kind, such as a line of JSON;
 * nothing is removed beyond the end of a JSON string. Returns the new length. If the text became shorter, the byte
 * behind it is set to NUL.
 */
size_t userinfo_strip(char *text, size_t n);

#endif
