/*
 * batch_stats: statistics of the results of a batch: failures by kind, and items and bytes finished over time.
 *
 * results.ndjson is read once, and later from where the last read ended. The statistics take a few kilobytes, and a
 * byte an item up to the last that failed.
 */
#ifndef BI_BATCH_STATS_H
#define BI_BATCH_STATS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "batch/batch.h"

enum {
	BATCH_STATS_KINDS = 255,
	BATCH_STATS_BUCKETS = 120,
	BATCH_STATS_RECENT = 64, /* seconds that are known one by one */
	BATCH_STATS_RATE_SECONDS = 10,
	BATCH_STATS_PACE_SECONDS = 60,
};

struct batch_stats {
	int fd; /* results.ndjson; -1: not open */
	off_t read_to;
	unsigned long long dev, ino; /* of the file that was read; 0: none yet */
	unsigned char *failed;       /* for each item its kind of failure, 0: it did not fail */
	uint32_t room;
	struct {
		char *code; /* as it stands in a JSON string */
		uint64_t count;
	} kinds[BATCH_STATS_KINDS];
	size_t kinds_n;
	uint64_t bytes;
	/* What was finished over time: buckets of STEP seconds. STEP doubles when there are too many. */
	int64_t from;
	unsigned step;
	uint32_t items_in[BATCH_STATS_BUCKETS];
	uint64_t bytes_in[BATCH_STATS_BUCKETS];
	size_t buckets;
	struct {
		int64_t at;
		uint32_t items;
		uint64_t bytes;
	} recent[BATCH_STATS_RECENT]; /* by second */
};

/* Reads the new results of batches/NAME, open as DIR; with MOST, it stops after about so many bytes. FD must be -1
 * before the first call. Returns 1 if there may be more, which the next call reads, 0, or -1 with errno. */
int batch_stats_refresh(struct batch_stats *h, int dir, off_t most);

/* The same for callers that need only the kinds of failures and the rate. The first call reads only the results of
 * failed items and the end of the file; "bytes" and "history" are then not known. */
int batch_stats_refresh_brief(struct batch_stats *h, const struct batch *b);

/* Writes the statistics of B to its file stats.index, from which the first call of the functions above goes on, if many
 * results were added since. To be called by a process that ends its work on the batch. If it fails, nothing is lost. */
void batch_stats_keep(const struct batch *b);

/* Closes the file. The statistics stay, and the next call goes on from there. */
void batch_stats_close_file(struct batch_stats *h);

/* Stores the items and bytes a second of the last ten seconds. NOW and all times are seconds since 1970. */
void batch_stats_rate(const struct batch_stats *h, int64_t now, double *items, double *bytes);

/* The same for an estimate of the time left, which is steadier: if few items were finished in ten seconds, it takes the
 * last minute, or the time since the first item in it. */
void batch_stats_pace(const struct batch_stats *h, int64_t now, double *items, double *bytes);

/* Appends "bytes", "failures", "rate" and "history" as members of a JSON object, each with a comma before it. */
void batch_stats_print(const struct batch_stats *h, int64_t now, struct buf *out);

void batch_stats_free(struct batch_stats *h);

#endif
