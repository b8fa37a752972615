/*
 * pdf_outline: the outline of a PDF ("bookmarks"), from which the headings of its pages are known.
 */
#ifndef BI_PARSE_PDF_OUTLINE_H
#define BI_PARSE_PDF_OUTLINE_H

#include <poppler.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct pdf_entry {
	char *title;
	char *key;      /* its letters, for pdf_outline_key() */
	unsigned level; /* from 1 */
	int page;       /* from 0, or -1 if it leads to no page */
	bool found;     /* the page has it as a line */
};

struct pdf_outline {
	struct pdf_entry *entries; /* in the order of the outline */
	size_t count;
	bool cut; /* a limit cut something off */
};

/* Sets O, which the caller frees with pdf_outline_free(). Without an outline there are no entries. */
void pdf_outline_read(PopplerDocument *document, struct pdf_outline *o);
void pdf_outline_free(struct pdf_outline *o);

/* Sets KEY to the letters and digits of N bytes of TEXT, in lower case, from the first letter on: numbers before it are
 * in the text and not in the outline, or the other way round. */
void pdf_outline_key(struct buf *key, const char *text, size_t n);

#endif
