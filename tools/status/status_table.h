/*
 * status_table: the table of batches, for people.
 */
#ifndef BI_STATUS_TABLE_H
#define BI_STATUS_TABLE_H

#include <stdbool.h>

#include "base/buf.h"
#include "files/root.h"
#include "snapshot.h"

/* Where a table goes. */
struct paper {
	int width;   /* columns */
	bool colour; /* escape sequences may be used */
};

/* The paper that standard output is. */
struct paper paper_of_stdout(void);

/* Appends the table of N batches to OUT, at least one line. */
void table_print(const struct root *root, const struct snapshot *const *v, size_t n, const struct paper *paper,
		 struct buf *out);

/* The same on ROWS lines at most; those that move come first where not all fit. */
void table_print_most(const struct root *root, const struct snapshot *const *v, size_t n, const struct paper *paper,
		      int rows, struct buf *out);

#endif
