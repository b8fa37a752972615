/*
 * page_lines: short lines in the part of a page that was chosen that are about its text, and not of it.
 */
#ifndef BI_PARSE_PAGE_LINES_H
#define BI_PARSE_PAGE_LINES_H

#include "web/web_page.h"

/* Drops lines about the text, not of it, in the part that was chosen: names of authors, dates, and links in lines of
 * their own above its first and below its last running text. */
void page_lines_drop_labels(struct page *p, uint32_t chosen);

/* In a part with messages of several authors, drops the short lines that all of them have: "Joined", "Reply", "Re:
 * ...". They are found by being repeated. */
void page_lines_drop_repeated(struct page *p, uint32_t chosen);

#endif
