/*
 * page_ending: what a text has at its end that is no part of it: a paragraph or a box about its author, a note of the
 * editors.
 */
#ifndef BI_PARSE_PAGE_ENDING_H
#define BI_PARSE_PAGE_ENDING_H

#include "web/web_page.h"

/* What the part CHOSEN, whose running text is from FIRST to LAST, has at its end that is no part of the text: its last
 * paragraph, or a box around that. 0 if there is none. */
uint32_t page_ending_find(const struct page *p, uint32_t chosen, uint32_t first, uint32_t last);

/* Whether the paragraph I is about the page's author, or a note of the editors. */
bool page_ending_is_note(const struct page *p, uint32_t i);

#endif
