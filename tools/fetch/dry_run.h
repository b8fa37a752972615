/*
 * dry_run: --dry-run, which says what a run would do.
 */
#ifndef BI_DRY_RUN_H
#define BI_DRY_RUN_H

#include "lists.h"

/* Reads LISTS to their ends, or with --resume (LISTS is NULL) the items of the batch, and prints how many items each
 * host would be asked for. Nothing is written in the root, and nothing is requested. Returns the exit code. */
int dry_run(const struct settings *set, struct lists *lists);

#endif
