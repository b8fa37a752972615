/*
 * worker: batches from the queue (queue.h), several at once, for as long as the worker lives.
 *
 * A worker opens each batch whose entry in the queue no process holds, and wants all its items. When no item is left,
 * it closes the batch and removes the entry. Items are taken from the batches of the highest priority in turn
 * (run_queue.h), so that none of these waits behind another. Any number of workers may work side by side: claims decide
 * which process works on an item.
 */
#ifndef BI_WORKER_H
#define BI_WORKER_H

#include "open_batches.h"
#include "run_queue.h"

struct worker;

/* Waits until this process may work, and ends the program if that is not possible. Items of batches are added to WANTS.
 * worker_end() frees the worker. */
struct worker *worker_wait(struct run *run, struct open_batches *batches, struct run_queue *wants);

/* Starts to watch the queue. */
void worker_begin(struct worker *w);

/* Reads the queue when that is due. To be called each turn, after everything that may end jobs. */
void worker_turn(struct worker *w);

/* Returns a batch of which no job is left, for worker_end_batch(), or NULL. */
struct target *worker_next_done(struct worker *w);

/* Closes T and removes its entry, unless it has more items to do. */
void worker_end_batch(struct worker *w, struct target *t);

/* Whether more batches may come. */
bool worker_is_open(const struct worker *w);

/* Returns the exit code for a batch that stays in the queue because of an error, else 0. */
int worker_trouble(const struct worker *w);

/* NULL does nothing. */
void worker_end(struct worker *w);

#endif
