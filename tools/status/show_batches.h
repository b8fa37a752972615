/*
 * show_batches: the table of the chosen batches, or their documents, and their sum.
 */
#ifndef BI_SHOW_BATCHES_H
#define BI_SHOW_BATCHES_H

#include "chosen.h"
#include "status.h"

/* Prints them on standard output. Returns the exit code. */
int batches_show(const struct chosen *c, const struct settings *set);

#endif
