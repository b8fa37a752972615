/*
 * html_markdown: a part of a page as Markdown.
 */
#ifndef BI_PARSE_HTML_MARKDOWN_H
#define BI_PARSE_HTML_MARKDOWN_H

#include <curl/curl.h>

#include "doc.h"
#include "web/dom.h"

/* What is shown, and how its addresses are understood. */
struct html_markdown {
	const struct dom *dom;
	struct doc *doc;
	CURLU *base; /* NULL: only absolute addresses mean any */
	/* In a book: the name of the picture that SRC means, saved now if it was not; NULL: there is none. NULL in a
	 * page of the web, whose pictures have their addresses. */
	const char *(*picture)(void *arg, const char *src, const char *alt);
	void *arg;
	bool elsewhere; /* pictures that PICTURE does not have are shown by their addresses */
	/* In a book: the note (md_note) that HREF leads to; 0: it leads to none. LABEL stands for a note without text.
	 * NULL: notes are text. */
	unsigned (*note)(void *arg, const char *href, const char *label);
};

/* Appends what is below (and with) I, without what is dropped and hidden, to the document's text, and its links to the
 * document's. */
void html_markdown_add(const struct html_markdown *s, uint32_t i);

#endif
