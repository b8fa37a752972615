/*
 * items: the items of batches, one by one: for people with what became of each, for programs as records.
 */
#ifndef BI_ITEMS_H
#define BI_ITEMS_H

#include "files/root.h"
#include "records/batch_args.h"
#include "status.h"

/* Prints the items of the batches. Returns an exit code. */
int items_show(const struct root *root, const struct batch_args *names, const struct settings *set);

#endif
