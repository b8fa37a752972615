/*
 * pdf_page: a page of a PDF as Markdown.
 */
#ifndef BI_PARSE_PDF_PAGE_H
#define BI_PARSE_PDF_PAGE_H

#include <poppler.h>

#include "doc.h"
#include "pdf/pdf_layout.h"
#include "pdf/pdf_outline.h"

/* What is known of the document when a page is written. Begins as {0}. */
struct pdf_pages {
	struct pdf_outline outline;
	size_t sizes[200]; /* how many characters of the pages so far have a font of so many half points */
};

/* Writes the lines of page number INDEX, from 0: paragraphs that keep their lines, and headings. These are the lines
 * that the outline has for this page. What it has for the page without such a line is a heading in front of the text.
 * If there is no outline, short paragraphs in a font that is larger than that of most of the text are headings. */
void pdf_page_write(struct doc *d, struct pdf_pages *pages, const struct pdf_layout *l, int index);

/* The words in the largest font of the layout, as a line that the caller frees; NULL if all fonts are of one size. */
char *pdf_page_title(const struct pdf_layout *l);

#endif
