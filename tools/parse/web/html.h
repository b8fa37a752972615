/*
 * html: a page's HTML as a document.
 */
#ifndef BI_PARSE_HTML_H
#define BI_PARSE_HTML_H

#include <stdbool.h>
#include <stddef.h>

#include "doc.h"
#include "html/tree.h"

/* A page of the web: its main text, what it says of itself, its links and media. TEXT is UTF-8 and stays as it is
 * meanwhile. URL is where it is from, "" where that is not known. XHTML: it is written as XML. */
void html_page(struct tree *t, const char *text, size_t n, const char *url, bool xhtml, struct doc *d);

/* Pictures that come with a page. */
struct html_pictures {
	const char *(*picture)(void *arg, const char *src, const char *alt); /* as in html_markdown.h */
	void *arg;
};

/* The same with PICTURES; others are shown by their addresses. */
void html_page_with(struct tree *t, const char *text, size_t n, const char *url, bool xhtml,
		    const struct html_pictures *pictures, struct doc *d);

/* All of a mail's HTML, with its pictures. */
void html_mail(struct tree *t, const char *text, size_t n, const struct html_pictures *pictures, struct doc *d);

/* What a book has that a page of the web does not; both as in html_markdown.h. */
struct html_book {
	const char *(*picture)(void *arg, const char *src, const char *alt);
	unsigned (*note)(void *arg, const char *href, const char *label);
	void *arg;
};

/* A chapter of a book: all of its body. */
void html_chapter(struct tree *t, const char *text, size_t n, const struct html_book *book, struct doc *d);

/* TEXT of XML as HTML reads it: what is empty (<title/>) with a closing tag, as XML has it. */
void html_of_xhtml(const char *text, size_t n, struct buf *out);

#endif
