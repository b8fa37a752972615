/*
 * export: what goes into an export, and where exports go.
 */
#ifndef BI_EXPORT_H
#define BI_EXPORT_H

#include "collect.h"
#include "records/batch_args.h"

/* Exports what the batches NAMES chose. Returns an exit code. */
int export_all(struct collect *c, const struct batch_args *names);

#endif
