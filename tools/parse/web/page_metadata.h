/*
 * page_metadata: what a page says of itself: title, language, description, author, date, canonical URL.
 */
#ifndef BI_PARSE_PAGE_METADATA_H
#define BI_PARSE_PAGE_METADATA_H

#include <curl/curl.h>

#include "doc.h"
#include "web/dom.h"

/* From JSON-LD, OpenGraph and other meta elements, <title>, <time>, rel=author and rel=canonical, in this order where
 * they differ. BASE: the page's URL, NULL where it is not known. BODY gets the text of the article that JSON-LD has
 * (articleBody), if there is one. */
void page_metadata_read(const struct dom *d, CURLU *base, struct doc *out, struct buf *body);

#endif
