/*
 * batch_stats: what the results of a batch say beyond its states: failures by kind, how much was finished when, and how
 * fast.
 *
 * results.ndjson is read once and then from where the last look ended. What is kept is a few kilobytes, and a byte an
 * item up to the last that failed.
 */
#ifndef BI_BATCH_STATS_H
#define BI_BATCH_STATS_H

#include <stdbool.h>
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
	unsigned char *failed;       /* an item's kind of failure, 0: it did not fail */
	uint32_t room;
	struct {
		char *code; /* as it stands in a JSON string */
		uint64_t count;
	} kinds[BATCH_STATS_KINDS];
	size_t kinds_n;
	uint64_t bytes;
	/* What was finished when: buckets of STEP seconds, which doubles when there would be too many. */
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

/* Reads on, from batches/NAME, open as DIR. 0, or -1 with errno. Begin with fd -1. */
int batch_stats_refresh(struct batch_stats *h, int dir);

/*
 * The same for who wants to know the kinds of failures and the rate, and nothing else: the first time it reads the
 * results of those items alone that failed, and the end of the file. "bytes" and "history" are not to be had then.
 */
int batch_stats_refresh_brief(struct batch_stats *h, const struct batch *b);

/* Closes the file; what was read stays, and the next call goes on from there. */
void batch_stats_close_file(struct batch_stats *h);

/* Items and bytes a second in the last ten. NOW and all times: seconds since 1970. */
void batch_stats_rate(const struct batch_stats *h, int64_t now, double *items, double *bytes);

/* The same for an estimate of what is left, steadier where little happens: over the last minute, or since the first
 * item of it, where ten seconds have few items. */
void batch_stats_pace(const struct batch_stats *h, int64_t now, double *items, double *bytes);

/* Appends "bytes", "failures", "rate" and "history" as members of a JSON object, each with a comma before it. */
void batch_stats_print(const struct batch_stats *h, int64_t now, struct buf *out);

void batch_stats_free(struct batch_stats *h);

#endif
