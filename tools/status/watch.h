/*
 * watch: the table, kept up to date: drawn over and over on a terminal, else printed again when it changes.
 */
#ifndef BI_WATCH_H
#define BI_WATCH_H

#include "files/root.h"
#include "records/batch_args.h"
#include "status.h"

/* Shows the table, and keeps it up to date until it is to end. NAMES may be empty: all batches. Returns an exit code.
 */
int batches_watch(const struct root *root, const struct batch_args *names, const struct settings *set);

#endif
