/*
 * identities: which items of several batches have an identity, with 8 bytes an item and not much more while it grows.
 *
 * The items are counted through all batches, in the order in which these were added, from 1.
 */
#ifndef BI_IDENTITIES_H
#define BI_IDENTITIES_H

#include "base/table.h"
#include "batch/batch.h"

/* Zeroed: there are no batches. */
struct identities {
	struct table prints;
	struct identities_batch {
		const struct batch *batch;
		uint32_t before; /* items of the batches before it */
	} * batches;
	size_t count;
	uint32_t total;
};

/* Adds the items that B has now. B must stay open. SEE, if given, is called with the number of each item in all, and
 * its line. Returns how many they are, or -1 with errno: EOVERFLOW if there are too many. */
int64_t identities_add(struct identities *x, const struct batch *b,
		       void (*see)(uint32_t all, const char *line, size_t n, void *arg), void *arg);

/* Stores the first item behind AFTER (0: the first of all) that has the identity KEY in ALL; 0: there is none. Returns
 * 0, or -1 with errno. */
int identities_next(const struct identities *x, const char *key, uint32_t after, uint32_t *all);

/* Returns which batch has the item ALL, and stores its number there in ITEM. */
size_t identities_place(const struct identities *x, uint32_t all, uint32_t *item);

void identities_free(struct identities *x);

#endif
