/*
 * pdf_layout: the lines of a PDF page in reading order. A PDF has characters at places; poppler says which text that
 * is and where each character stands.
 */
#ifndef BI_PARSE_PDF_LAYOUT_H
#define BI_PARSE_PDF_LAYOUT_H

#include <poppler.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "pdf/pdf_tables.h"

struct pdf_line {
	size_t from, n;        /* its bytes in the text of the layout */
	double x0, y0, x1, y1; /* points from the upper left corner */
	double end;     /* Y1 of the line that follows it on the page, if it has taken all words of that; or else Y1 */
	double size;    /* of the font of its longest word, in points */
	bool block;     /* it begins a paragraph, or another column */
	unsigned table; /* its number in the tables of the layout, from 1; 0: it is text */
};

struct pdf_layout {
	struct buf text; /* of the lines, each with a NUL behind it */
	struct pdf_line *lines;
	size_t count;
	size_t characters; /* without spaces */
	struct pdf_tables tables;
};

/*
 * Sets OUT, which the caller frees with pdf_layout_free(). A page without text has no lines.
 *
 * Lines are in the order that poppler finds, or in that of pdf_columns.h if the page has columns. Ligatures become
 * letters. A word that a hyphen divides between two lines is put together in the first one. The hyphen stays if the
 * page has the word with it elsewhere, or if the second part does not begin with a small letter.
 *
 * The search for tables takes its time from *SECONDS, of processor time, and stops if there are none left.
 */
void pdf_layout_page(PopplerPage *page, struct pdf_layout *out, double *seconds);
void pdf_layout_free(struct pdf_layout *l);

#endif
