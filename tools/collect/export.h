/*
 * export: what goes into an export, and where exports go.
 */
#ifndef BI_EXPORT_H
#define BI_EXPORT_H

#include "collect.h"
#include "records/batch_args.h"

/* Checks that --output and --format go together, and sets the format that is meant. Ends the program if they do not. */
void export_check(struct settings *set);

/* Exports what the batches NAMES chose. Returns an exit code. */
int export_all(struct collect *c, const struct batch_args *names);

#endif
