/*
 * open_batches: the batches that a run works on.
 */
#ifndef BI_OPEN_BATCHES_H
#define BI_OPEN_BATCHES_H

#include "batch/batch.h"
#include "run_state.h"

/* An open batch. */
struct target {
	struct batch *batch;
	unsigned char *busy;    /* a bit an item: a job of this process has it */
	uint32_t busy_room;     /* items that BUSY has room for */
	unsigned char *renewed; /* the same for completed items that were asked for again in this run */
	uint32_t renewed_room;
	uint32_t wanted_to;    /* --resume and --work: each item up to this number is or was wanted */
	char *notebook;        /* the batch's; NULL: none */
	int priority;          /* --work: of its items among those of other batches */
	bool public_only;      /* it is fetched from public addresses alone */
	bool cancelled;        /* bi-clean cancels it */
	bool left;             /* --work: items were left when it seemed done */
	int64_t again;         /* --work: it is not ended before this moment */
	size_t waiting;        /* items in queues of runs */
	size_t jobs;           /* that there are of it */
	struct strays *strays; /* archive_items.c's */
	struct target *next;
};

struct open_batches {
	struct run *run;
	struct target *first; /* in the order in which they were opened */
};

/* Returns the batch NAME if it is open, else NULL. */
struct target *open_batches_find(const struct open_batches *b, const char *name);

/* Opens the batch NAME, which must not be open; ABOUT as for batch_open(). NULL with errno. */
struct target *open_batches_add(struct open_batches *b, const char *name, const struct batch_metadata *about);

/* Returns the batch NAME, which it opens if it is not open. NULL after run_fail(). */
struct target *open_batches_get(struct open_batches *b, const char *name, const struct batch_metadata *about);

/* Returns a batch whose cancelling has started since it was last asked, or NULL. */
struct target *open_batches_next_cancelled(struct open_batches *b);

/* Closes T, which must have no job and no waiting item. */
void open_batches_close(struct open_batches *b, struct target *t);
void open_batches_close_all(struct open_batches *b);

bool target_is_busy(const struct target *t, uint32_t item);
void target_set_busy(struct target *t, uint32_t item, bool busy);

/* Whether the completed ITEM was asked for again in this run. */
bool target_is_renewed(const struct target *t, uint32_t item);
void target_set_renewed(struct target *t, uint32_t item);

#endif
