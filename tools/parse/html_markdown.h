/*
 * html_markdown: a part of a page as Markdown.
 */
#ifndef BI_PARSE_HTML_MARKDOWN_H
#define BI_PARSE_HTML_MARKDOWN_H

#include <curl/curl.h>

#include "doc.h"
#include "dom.h"

/* What a book has that a page of the web does not. */
struct html_book {
	/* The name of the picture that SRC means, saved now if it was not; NULL: there is none. */
	const char *(*picture)(void *arg, const char *src, const char *alt);
	/* The note (md_note) that HREF leads to; 0: it leads to none. LABEL stands for it. NULL: notes are text. */
	unsigned (*note)(void *arg, const char *href, const char *label);
	void *arg;
};

/* What is shown, and how its addresses are understood. */
struct html_markdown {
	const struct dom *dom;
	struct doc *doc;
	CURLU *base;                  /* NULL: only absolute addresses mean any */
	const struct html_book *book; /* NULL: it is a page of the web */
};

/* Appends what is below (and with) I, without what is dropped and hidden, to the document's text, and its links to the
 * document's. */
void html_markdown_add(const struct html_markdown *s, uint32_t i);

#endif
