/*
 * run_queue: queues of items, one a batch (a lane). Items are taken from the batches of the highest priority, and from
 * these in turn. Items that follow one another are one run: a batch of a million items in order is sixteen bytes.
 */
#ifndef BI_RUN_QUEUE_H
#define BI_RUN_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct target;

/* Zeroed: an empty queue. */
struct run_queue {
	struct lane {
		struct target *target;
		struct item_run {
			uint32_t first, count;
		} * at;
		size_t begin, end, room;
		int priority; /* the target's when the lane began */
	} * lanes;
	size_t count, turn;
	int top; /* the highest priority of a lane */
};

/* Appends an item of T, whose WAITING counts it. Returns how many runs more there are: 1 or 0. */
size_t run_queue_add(struct run_queue *q, struct target *t, uint32_t item);

/* Takes the next item; the queue must not be empty. Returns how many runs fewer there are: 1 or 0. */
size_t run_queue_take(struct run_queue *q, struct target **t, uint32_t *item);

/* Goes on elsewhere among the items of T: the next ones, up to a place chosen at random, come last. Returns how many
 * runs more there are. For a process that meets another one, which is working on the same items. */
size_t run_queue_jump(struct run_queue *q, const struct target *t);

bool run_queue_is_empty(const struct run_queue *q);
void run_queue_free(struct run_queue *q);

#endif
