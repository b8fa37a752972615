/*
 * status_table: the table of batches, for people.
 */
#ifndef BI_STATUS_TABLE_H
#define BI_STATUS_TABLE_H

#include <stdbool.h>

#include "base/buf.h"
#include "files/root.h"
#include "snapshot.h"
#include "table_rows.h"

/* Appends the table of N batches of the roots to OUT, at least one line. UNREADABLE more could not be read, which the
 * sum says. Returns 0, or the exit code if it could not be read which hosts are held back, which the table then says.
 */
int table_print(const struct root *const *roots, size_t roots_n, const struct snapshot *const *v, size_t n,
		size_t unreadable, const struct paper *paper, struct buf *out);

/* How a table is drawn on a screen. */
struct screen_form {
	int rows;   /* the most lines */
	bool keys;  /* keys are read, so q quits */
	bool named; /* the batches were named: finished ones are shown too */
};

/* The same for a screen that is drawn again and again, with the time: batches that are worked on come first, finished
 * ones are counted. */
void table_print_screen(const struct root *root, const struct snapshot *const *v, size_t n, const struct paper *paper,
			const struct screen_form *form, struct buf *out);

#endif
