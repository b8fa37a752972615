/*
 * queue: batches handed in for a worker (bi-fetch --work), each a small file queue/NAME. bi-batch(5).
 *
 * Whoever makes a batch for a worker makes its entry first, holds it while the batch is made, and then lets go: an
 * entry that nobody holds and whose batch is not whole was left by a maker that was killed. Workers add nothing to an
 * entry and end it under its lock when nothing is left to do. Who works is asked of the lock of queue/.lock.
 */
#ifndef BI_QUEUE_H
#define BI_QUEUE_H

#include <stdbool.h>

#include "files/root.h"

/*
 * Makes the entry of BATCH, a good name, and holds it: locked before anybody can see it, its directory synced. A
 * descriptor for queue_hand_in(), or for close(2) after queue_drop() where the batch could not be made. -1 with errno:
 * EEXIST where the batch is in the queue.
 */
int queue_make(const struct root *root, const char *batch);

/* Lets go of FD: the batch is the workers'. Whoever dies before has handed nothing in. */
void queue_hand_in(int fd);

/* Makes sure that BATCH, which is there and has had items added, is in the queue, and that workers look at it again.
 * Not for who holds its entry. 0 or -1. */
int queue_add(const struct root *root, const char *batch);

/* Removes the entry of BATCH, whoever holds it: for its maker. 0, or -1 with errno (ENOENT: there is none). */
int queue_drop(const struct root *root, const char *batch);

/*
 * Removes the entry of BATCH if MAY agrees, asked while the entry is held alone: nobody then hands in more
 * (queue_add()) or makes it. 0 when it is gone, by us or another; 1 when MAY did not agree or somebody holds it; -1
 * with errno.
 */
int queue_end(const struct root *root, const char *batch, bool (*may)(const char *batch, void *arg), void *arg);

/* Whether somebody holds the entry of BATCH: it is being made, or about to be removed. 1; 0 also where there is none;
 * -1 with errno. */
int queue_is_held(const struct root *root, const char *batch);

/* Calls SEE with each batch that has an entry, the one that was handed in first first, until it returns false. 0 or
 * -1; a root without a queue has none. */
int queue_each(const struct root *root, bool (*see)(const char *batch, void *arg), void *arg);

/* A descriptor (inotify) that becomes readable when something is handed in; what is read from it tells nothing more.
 * It does not block. queue/ is made where it is missing. -1 with errno. */
int queue_watch(const struct root *root);

/*
 * Says that this process works on the queue, until the descriptor returned is closed. With STAND_BY it first waits
 * until no other that stands by works. -1 with errno (EINTR: lock_interruptible()).
 */
int queue_hold_worker(const struct root *root, bool stand_by);

/* Whether a process works on the queue; one that stands by and waits does not. 1, 0, or -1 with errno. */
int queue_has_worker(const struct root *root);

#endif
