/*
 * worker: batches from the queue (queue.h), several at once, for as long as the worker lives.
 *
 * A batch is opened when its entry is met and nobody holds that, all its items are wanted, and it is closed and
 * forgotten when none is left: then the entry goes. Items are taken from each batch in turn (run_queue.h), so that one
 * does not wait behind another. Any number of workers may do this side by side: who works on an item is what its claim
 * says.
 */
#ifndef BI_WORKER_H
#define BI_WORKER_H

#include "open_batches.h"
#include "run_queue.h"

struct worker;

/* Waits until it may work; ends the program where that cannot be done. The items of its batches are added to WANTS. For
 * worker_end(). */
struct worker *worker_wait(struct run *run, struct open_batches *batches, struct run_queue *wants);

/* Begins to watch the queue. */
void worker_begin(struct worker *w);

/* Looks at the queue when that is due. To be called each turn, behind what may end jobs. */
void worker_turn(struct worker *w);

/* Returns a batch of which nothing is under way, for worker_end_batch(); NULL: there is none now. */
struct target *worker_next_done(struct worker *w);

/* Ends T: closes it and removes its entry, unless something is left to do for it. */
void worker_end_batch(struct worker *w, struct target *t);

/* Whether more may come. */
bool worker_is_open(const struct worker *w);

/* The exit code of a batch that was left in the queue for trouble, else 0. */
int worker_trouble(const struct worker *w);

/* NULL does nothing. */
void worker_end(struct worker *w);

#endif
