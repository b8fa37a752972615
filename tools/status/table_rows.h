/*
 * table_rows: the lines of the table of batches, one after the other.
 */
#ifndef BI_TABLE_ROWS_H
#define BI_TABLE_ROWS_H

#include <stdbool.h>

#include "base/buf.h"
#include "snapshot.h"

/* Where a table goes. */
struct paper {
	int width;     /* columns */
	bool terminal; /* it is a terminal */
	bool utf8;     /* which shows UTF-8 */
	bool colour;   /* escape sequences may be used */
};

/* Returns the paper that standard output is. */
struct paper paper_of_stdout(void);

struct widths {
	int name, status, done, failed, left, bar;
	bool wide; /* they fit */
};

/* A table that is being printed. */
struct sheet {
	const struct paper *paper;
	struct widths w;
	struct buf *out;
	size_t roots;       /* of which batches are shown */
	size_t unreadable;  /* batches that could not be read, and are not in the sum */
	bool live;          /* it is drawn over and over: long names are cut */
	int column, indent; /* of the line that rows_add_part() fills */
};

extern const char rows_dim[]; /* a colour */

/* Measures the columns for N batches. */
void rows_measure(struct sheet *s, const struct snapshot *const *v, size_t n);

/* Each appends lines to OUT: the names of the columns; a batch with what there is to say of it; the sum of all. */
void rows_head(struct sheet *s);
void rows_print(struct sheet *s, const struct snapshot *v);
void rows_sum(struct sheet *s, const struct snapshot *const *v, size_t n);

/* Appends PART, behind BEFORE unless it is the first of the line, or on the next line if it does not fit. */
void rows_add_part(struct sheet *s, const char *before, const char *colour, const char *part);
void rows_end_parts(struct sheet *s);

#endif
