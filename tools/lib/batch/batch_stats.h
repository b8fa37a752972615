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
	HISTORY_KINDS = 255,
	HISTORY_BUCKETS = 120,
	HISTORY_RECENT = 64, /* seconds that are known one by one */
	HISTORY_RATE_SECONDS = 10,
	HISTORY_PACE_SECONDS = 60,
};

struct history {
	int fd; /* results.ndjson; -1: not open */
	off_t read_to;
	unsigned long long dev, ino; /* of the file that was read; 0: none yet */
	unsigned char *failed;       /* an item's kind of failure, 0: it did not fail */
	uint32_t room;
	struct {
		char *code; /* as it stands in a JSON string */
		uint64_t count;
	} kinds[HISTORY_KINDS];
	size_t kinds_n;
	uint64_t bytes;
	/* What was finished when: buckets of STEP seconds, which doubles when there would be too many. */
	int64_t from;
	unsigned step;
	uint32_t items_in[HISTORY_BUCKETS];
	uint64_t bytes_in[HISTORY_BUCKETS];
	size_t buckets;
	struct {
		int64_t at;
		uint32_t items;
		uint64_t bytes;
	} recent[HISTORY_RECENT]; /* by second */
};

/* Reads on, from batches/NAME, open as DIR. 0, or -1 with errno. Begin with fd -1. */
int history_refresh(struct history *h, int dir);

/*
 * The same for who wants to know the kinds of failures and the rate, and nothing else: the first time it reads the
 * results of those items alone that failed, and the end of the file. "bytes" and "history" are not to be had then.
 */
int history_glance(struct history *h, const struct batch *b);

/* Closes the file; what was read stays, and the next call goes on from there. */
void history_rest(struct history *h);

/* Items and bytes a second in the last ten. NOW and all times: seconds since 1970. */
void history_rate(const struct history *h, int64_t now, double *items, double *bytes);

/* The same for an estimate of what is left, steadier where little happens: over the last minute, or since the first
 * item of it, where ten seconds have few items. */
void history_pace(const struct history *h, int64_t now, double *items, double *bytes);

/* Appends "bytes", "failures", "rate" and "history" as members of a JSON object, each with a comma before it. */
void history_print(const struct history *h, int64_t now, struct buf *out);

void history_free(struct history *h);

#endif
