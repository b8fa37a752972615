/*
 * accept: whether what arrived is what was asked for, by media type.
 *
 * Types are compared without case and parameters, and under their usual other names (image/jpg is image/jpeg).
 * What is known to be wrong is refused: a page in place of a picture. A JPEG under .png is a picture still.
 */
#ifndef BI_ACCEPT_H
#define BI_ACCEPT_H

#include <stdbool.h>

/* NULL for good patterns, "image" followed by a slash and a star, "application/pdf", joined by commas; else what is
 * wrong with them. */
const char *accept_patterns_check(const char *patterns);

/* Whether the media type MIME is among the PATTERNS; NULL patterns are for any. */
bool accept_matches(const char *patterns, const char *mime);

/*
 * Whether a page or other text (HTML, JSON, XML, plain text) or nothing at all came where a picture, a document, a
 * video, a sound or an archive was asked for: NULL if not, else the words, "an HTML page in place of a picture", a
 * constant. MIME is what the bytes are. What was asked for is known from ASKED, the item's own "mime", else from
 * PATTERNS, else from the extension in URL's path; each may be NULL.
 */
const char *accept_page_check(const char *url, const char *asked, const char *patterns, const char *mime);

#endif
