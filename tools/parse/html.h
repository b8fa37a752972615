/*
 * html: a page's HTML as a document.
 */
#ifndef BI_PARSE_HTML_H
#define BI_PARSE_HTML_H

#include <stdbool.h>
#include <stddef.h>

#include "doc.h"
#include "html/tree.h"
#include "html_markdown.h"

/* A page of the web: its main text, what it says of itself, its links and media. TEXT is UTF-8 and stays as it is
 * meanwhile. URL is where it is from, "" where that is not known. XHTML: it is written as XML. */
void html_page(struct tree *t, const char *text, size_t n, const char *url, bool xhtml, struct doc *d);

/* A chapter of a book: all of its body. */
void html_chapter(struct tree *t, const char *text, size_t n, const struct html_book *book, struct doc *d);

/* TEXT of XML as HTML reads it: what is empty (<title/>) with a closing tag, as XML has it. */
void html_of_xhtml(const char *text, size_t n, struct buf *out);

#endif
