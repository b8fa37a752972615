/*
 * pdf_rules: the grids that ruling lines make on a page of a PDF, which are tables. Poppler's GLib interface has no
 * lines, so the page is drawn, and straight edges are looked for: those of lines, and of cells with a background.
 */
#ifndef BI_PARSE_PDF_RULES_H
#define BI_PARSE_PDF_RULES_H

#include <poppler.h>
#include <stdbool.h>
#include <stddef.h>

enum { GRID_COLUMNS = 60, GRID_ROWS = 500 };

/* Coordinates are points from the upper left corner of the page. */
struct pdf_grid {
	double x[GRID_COLUMNS + 1], y[GRID_ROWS + 1]; /* the edges of columns and rows, in ascending order */
	size_t columns, rows;                         /* 2 or more */
	unsigned char *open; /* for each cell, row by row: GRID_LEFT, GRID_UP: it has no edge there */
};

enum { GRID_LEFT = 1, GRID_UP = 2 };

/* Draws PAGE, which has text in a font that is not in its file, so that the configuration of fonts is read. To be
 * called before the process is confined: later it cannot be, and the library for it takes that for a reason to crash.
 */
void pdf_rules_load(PopplerPage *page);

/* Sets *GRIDS to an array of the grids of PAGE and returns how many there are. The caller frees it with
 * pdf_grids_free(). */
size_t pdf_grids_find(PopplerPage *page, struct pdf_grid **grids);
void pdf_grids_free(struct pdf_grid *grids, size_t n);

#endif
