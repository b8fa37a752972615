/*
 * pdf_tables: the tables with ruling lines on a page of a PDF.
 */
#ifndef BI_PARSE_PDF_TABLES_H
#define BI_PARSE_PDF_TABLES_H

#include <poppler.h>
#include <stdbool.h>

#include "pdf/pdf_words.h"

struct pdf_table {
	size_t rows, columns;
	char **cells; /* row by row; text in one line, "" for an empty cell */
	double x0, y0, x1, y1;
};

struct pdf_tables {
	struct pdf_table *list;
	size_t n;
	bool skipped; /* there may be some, but there was no time to look */
};

/* Sets T, which the caller frees with pdf_tables_free(), to the tables of PAGE, and replaces their words in W by one
 * each, which has the table's number, from 1. W is in reading order. Pages on which no two lines have wide gaps are not
 * looked at, since to draw a page takes time; it is taken from *SECONDS, of processor time. */
void pdf_tables_find(PopplerPage *page, struct pdf_words *w, struct pdf_tables *t, double *seconds);
void pdf_tables_free(struct pdf_tables *t);

#endif
