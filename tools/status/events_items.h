/*
 * events_items: what happens to items: results as they are appended, and claims by their bytes of `state`.
 */
#ifndef BI_EVENTS_ITEMS_H
#define BI_EVENTS_ITEMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "batch/batch.h"
#include "follow_batches.h"

/* What was printed of a batch. */
struct batch_events {
	unsigned long long ino; /* of its directory: another one is another batch */
	bool created;           /* that it was created was printed, or was before */
	bool queued;            /* that it was handed in was printed, and it is in the queue still */
	bool was_done, at_rest; /* as was printed */
	off_t read_to;          /* of results.ndjson */
	unsigned char *states;  /* of its items while it is held; NULL: nobody worked on it */
	size_t states_n;
};

/* Passes over what happened to the items of the batch up to now. */
void events_skip_items(struct batch_events *s, const struct followed_batch *v, const struct batch *b);

/* Prints what happened to them since, and adds the number of records to COUNT. Returns whether there was a result. */
bool events_print_items(struct batch_events *s, const struct followed_batch *v, const struct batch *b, uint64_t *count);

#endif
