/*
 * stats: what is counted, and what is said of it: the progress line and the end.
 */
#ifndef BI_STATS_H
#define BI_STATS_H

#include <json-c/json.h>

#include "run_state.h"

enum { STATS_DRAW_MS = 200 };

struct stats {
	const struct run *run;
	bool person; /* stdout is a terminal: sentences, not records */
	uint64_t completed, failed;
	uint64_t mismatched; /* of those that failed: completed before, and the options do not allow them */
	uint64_t not_tried;  /* of those that failed: in an earlier run, for good */
	struct kind {
		char code[32];
		uint64_t count;
	} kinds[24];              /* failures by their code; what has no room is in the last one, "other" */
	struct json_object *from; /* what the parts of --from gave; NULL: there are none */
	int64_t started;
	bool drawn; /* the progress line, once at least */
	/* The rate shown is reckoned from RATE_SINCE on; MARK is where the next one begins. */
	int64_t rate_since, rate_mark;
	uint64_t rate_bytes, rate_done, mark_bytes, mark_done;
};

/* Counts one item by its RECORD of N bytes; NOW: the record is new. Tells a person about a failure. */
void stats_count(struct stats *s, const char *record, size_t n, bool completed, bool now);

/* Draws the progress line. BATCH is the only one that is worked on, else NULL; WAITING says which hosts are waited for
 * (NULL: none); MORE: lines may come. */
void stats_draw(struct stats *s, const char *batch, const char *waiting, bool more);

/* Prints the end for a person, or with RECORDS the end record. CODE is the exit code if no item failed; CUT: the input
 * was incomplete. Returns the exit code. */
int stats_end(const struct stats *s, int code, bool cut, bool records);

#endif
