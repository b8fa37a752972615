/*
 * accept: tells by media type whether a file is of the kind that was asked for.
 *
 * Types are compared without case and parameters, and with their usual aliases (image/jpg is image/jpeg). Only a file
 * that is known to be wrong is refused, such as a page in place of a picture. A JPEG under .png is still a picture.
 */
#ifndef BI_ACCEPT_H
#define BI_ACCEPT_H

#include <stdbool.h>

/* Returns NULL for valid patterns ("application/pdf", "image" followed by a slash and a star, joined by commas), else
 * what is wrong with them. */
const char *accept_patterns_check(const char *patterns);

/* Returns whether the media type MIME matches one of the PATTERNS. NULL patterns match any type. */
bool accept_matches(const char *patterns, const char *mime);

/*
 * Returns NULL, or a constant such as "an HTML page in place of a picture": text (HTML, JSON, XML, plain text) or
 * nothing at all came where a picture, a document, a video, a sound or an archive was asked for. MIME is the type of
 * the bytes. ASKED, the item's "mime", says what was asked for; else PATTERNS; else the extension in URL's path; else
 * DECLARED, the server's Content-Type. Each may be NULL.
 */
const char *accept_page_check(const char *url, const char *asked, const char *patterns, const char *declared,
			      const char *mime);

#endif
