/*
 * page_linked_data: what a page states of itself in JSON-LD, by the terms of schema.org.
 */
#ifndef BI_PARSE_PAGE_LINKED_DATA_H
#define BI_PARSE_PAGE_LINKED_DATA_H

#include "web/dom.h"

/* What a page states; NULL: nothing. BODY is the text of an article. The caller frees the strings. */
struct page_statements {
	char *title, *site, *language, *description, *author, *date, *canonical, *modified, *image;
	struct buf *body;
};

/* Adds what the script element I states, if it has JSON-LD, to S; if it has other JSON and the page shows hardly any
 * text, BODY becomes the longest HTML in that (Next.js and the like write pages from it). What is there already stays,
 * except that a longer text of an article replaces a shorter one. */
void page_linked_data_read(struct page_statements *s, const struct dom *d, uint32_t i);

#endif
