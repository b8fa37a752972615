/*
 * import: decisions from files, which the review page offers for download when no server has it.
 */
#ifndef BI_IMPORT_H
#define BI_IMPORT_H

#include "collect.h"
#include "records/batch_args.h"

/* Imports the files of decisions. NAMES are the batches that were named; if there are none, it becomes those of the
 * files. Returns an exit code: unless it is EX_ALL_WELL no file was imported. */
int import_picks(struct collect *c, struct batch_args *names);

#endif
