/*
 * remove_items: removing items from a batch: which ones, and what they have.
 */
#ifndef BI_REMOVE_ITEMS_H
#define BI_REMOVE_ITEMS_H

#include "batch/batch.h"
#include "clean.h"

/* Which items of a batch are meant, a bit each. */
struct selection {
	unsigned char *bits; /* free() frees it */
	uint32_t length;     /* items of the batch */
	uint64_t count;
};

bool selection_has(const struct selection *s, uint32_t k);

/* Selects what ARGS, --failed and --status mean, and the members of archives among it. 0, or the exit code after a
 * message: nothing may be done then. */
int items_select(const struct clean *c, const struct batch *b, char **args, struct selection *out);

/* An item that is removed, and what of it was. */
struct removal {
	uint32_t item;
	uint32_t files;
	uint64_t bytes;
	bool is_gone; /* it was removed */
};

/* Removes all files that N items have, in the order of their numbers, and counts them in V; with --dry-run only counts.
 * The items are ours. What other items share is said. 0, or the exit code after a message. */
int items_remove_files(const struct clean *c, struct batch *b, struct removal *v, size_t n);

/* Takes the decisions back that chose one of N removed items, and says so. 0, or the exit code after a message. */
int items_take_picks_back(const struct batch *b, const struct removal *v, size_t n);

#endif
