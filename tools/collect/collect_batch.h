/*
 * collect_batch: collects what is chosen of each subject of a batch.
 */
#ifndef BI_COLLECT_BATCH_H
#define BI_COLLECT_BATCH_H

#include "collect.h"

/* Collects the batch NAME. Returns an exit code. */
int collect_batch(struct collect *c, const char *name);

#endif
