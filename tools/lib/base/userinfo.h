/*
 * userinfo: the name and password that a URL may have before its host (RFC 3986, 3.2.1), taken off it. Where the
 * userinfo ends is decided as browsers do it: at the last '@' before the path.
 */
#ifndef BI_USERINFO_H
#define BI_USERINFO_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/*
 * Takes the userinfo, with its '@', out of URL in place. OUT, if given, gets it as it stands there, percent-encoded and
 * without the '@'. Returns false, with URL and OUT unchanged, for a URL that has no userinfo.
 */
bool userinfo_extract(char *url, struct buf *out);

/* Appends URL with USERINFO before its host to OUT: the reverse of userinfo_extract(). */
void userinfo_insert(const char *url, const char *userinfo, struct buf *out);

/*
 * Whether URL has a name or password that userinfo_extract() cannot find: a '/', '?' or '#' is in it, as in
 * "http://me:a/b@host/", whose host would be "me" and whose port, "a", is not a number; or no "://" is before it. What
 * is behind its scheme, or all of it, is then replaced by "…", in place, so that it can be shown.
 */
bool userinfo_hide_torn(char *url);

/* What is wrong with such a URL, to stand behind "its URL". */
extern const char userinfo_torn[];

/*
 * Takes the userinfo out of each URL in the N bytes TEXT, in place: text of any kind, such as a line of JSON, in which
 * nothing is taken beyond the end of a string. Returns the new length. The byte behind the text is set to NUL where the
 * text became shorter.
 */
size_t userinfo_strip(char *text, size_t n);

#endif
