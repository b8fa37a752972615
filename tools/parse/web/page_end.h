/*
 * page_end: whether a web page ends where it should.
 */
#ifndef BI_PARSE_PAGE_END_H
#define BI_PARSE_PAGE_END_H

#include <gumbo.h>
#include <stdbool.h>

/* Whether the page was cut off, as in an interrupted transfer: its <html> or <body> was begun and is not ended, nor is
 * the last element in it, which is none whose end tag may be left out (HTML, 13.1.2.4). */
bool page_is_cut(const GumboNode *document);

#endif
