/*
 * status: what the files of bi-status share.
 */
#ifndef BI_STATUS_H
#define BI_STATUS_H

#include <stddef.h>

#include "progress.h"
#include "root.h"

/* A batch and how far it was when it was looked at. */
struct seen {
	const char *name;
	struct progress p;
};

/* Prints the table of N batches on stdout, at least one line. */
void table_print(const struct root *root, const struct seen *v, size_t n);

/*
 * Waits until the N batches NAMES are done, MS milliseconds at most (-1: for ever). Returns an exit code: 0 when
 * they are, EX_TEMPFAIL when the time was over, EX_NOINPUT for a batch that is not there or was taken away; what was
 * wrong has been said then.
 */
int wait_for(const struct root *root, char **names, size_t n, long ms);

/* Says what is wrong with ROOT and the machine, and how to mend it: on stdout a line, or with JSON a record, for each
 * thing. 0 when nothing is, else EX_SOME_FAILED. */
int doctor(const struct root *root, bool json);

#endif
