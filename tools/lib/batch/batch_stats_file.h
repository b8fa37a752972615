/*
 * batch_stats_file: statistics of a batch (batch_stats.h) in its file stats.index, bi-batch(5), so that its results
 * need not be read from their beginning.
 */
#ifndef BI_BATCH_STATS_FILE_H
#define BI_BATCH_STATS_FILE_H

#include "batch/batch_stats.h"

/* Stores in H, which is new and has results.ndjson open, what the file of the batch open as DIR says. If there is no
 * such file, or it is damaged, or it is about other results, H stays as it is. */
void batch_stats_load(struct batch_stats *h, int dir);

/* Returns up to which offset of results.ndjson the file reaches, as it says, or 0. */
off_t batch_stats_reach(int dir);

/* Writes the file. If that fails, the batch has no such file. */
void batch_stats_save(const struct batch_stats *h, int dir);

#endif
