/*
 * main_content: which part of a page is its main content.
 */
#ifndef BI_PARSE_MAIN_CONTENT_H
#define BI_PARSE_MAIN_CONTENT_H

#include "dom.h"

/*
 * Marks what is not (menus, footers, asides, cookie banners, comments, lists of other pages, buttons to share with) as
 * dropped, and returns the place of the element that has the rest. What is around it is not to be shown.
 *
 * Our own method, in the manner of the readability programs. A part is dropped by what it says of itself (its tag, its
 * role, the words of its class and id) and by the share of links in its text. The text that is left weighs what its
 * paragraphs do; <main> and <article> count where they have most of it, and otherwise we go down from the body for as
 * long as one child has nearly all of it. Where dropping took most of the page, it was wrong and is done by less.
 */
uint32_t main_content_find(struct dom *d, const char *title, const char *author);

/* The place of the page's own heading if that is outside of what was picked, 0 if there is none: a heading with the words
 * of TITLE (which may be NULL), or else the last <h1> before. */
uint32_t main_content_heading(const struct dom *d, uint32_t picked, const char *title);

#endif
