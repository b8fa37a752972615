/*
 * sheet_table: the cells of a sheet, collected in any order, and written as one Markdown table without the rows and
 * columns that are empty or hidden.
 */
#ifndef BI_PARSE_SHEET_TABLE_H
#define BI_PARSE_SHEET_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "doc.h"

enum {
	SHEET_ROWS = 1 << 20,
	SHEET_COLUMNS = 1 << 14,
	SHEET_SHOWN = 1000,    /* columns of a table */
	SHEET_CELLS = 1 << 20, /* of all sheets of a document, with the empty ones of their tables */
	SHEET_MERGED = 10000,  /* merged ranges of a sheet */
};

struct sheet_cell {
	uint32_t row, column;
	size_t text; /* its offset in TEXTS */
	size_t url;  /* that of the address it links to; 0: none */
};

struct sheet_range {
	uint32_t row, column, last_row, last_column;
};

struct sheet_table {
	struct sheet_cell *cells;
	size_t count;
	bool unsorted;
	bool cut; /* there are more cells */
	struct buf texts;
	bool hidden[SHEET_COLUMNS]; /* which columns are not shown */
	struct sheet_range *merged; /* of these only the first cell is shown */
	size_t merged_count;
};

/* An empty table. For sheet_table_free(). */
void sheet_table_begin(struct sheet_table *t);
void sheet_table_free(struct sheet_table *t);

/* Adds a cell with N bytes of TEXT. An empty one is not needed. Rows and columns begin at 0; what is beyond the limits
 * is dropped and CUT. */
void sheet_table_add(struct sheet_table *t, size_t row, size_t column, const char *text, size_t n);

/* Lets the cell that was added last link to URL. */
void sheet_table_link_last(struct sheet_table *t, const char *url);

/* Adds the cells from the place FROM on, which are those of one row, again in the TIMES rows below it. */
void sheet_table_repeat(struct sheet_table *t, size_t from, size_t times);

/* Hides the columns FIRST to LAST. */
void sheet_table_hide(struct sheet_table *t, size_t first, size_t last);

/* Shows of this range the first cell alone. */
void sheet_table_merge(struct sheet_table *t, const struct sheet_range *range);

/* Lets the cells of the range link to URL, once all cells are there. */
void sheet_table_link(struct sheet_table *t, const struct sheet_range *range, const char *url);

/* Writes the table to D. *LEFT is how many cells the document may have yet. What is hidden is named in D->missing. */
void sheet_table_write(struct sheet_table *t, struct doc *d, size_t *left);

#endif
