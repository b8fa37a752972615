/*
 * events: what happens, as a stream of records.
 */
#ifndef BI_EVENTS_H
#define BI_EVENTS_H

#include "files/root.h"
#include "records/batch_args.h"
#include "status.h"

/* Prints what happens to the batches NAMES (empty: all batches) and to servers, until it is to end. Returns an exit
 * code. */
int events_print(const struct root *root, const struct batch_args *names, const struct settings *set);

#endif
