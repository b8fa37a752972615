/*
 * queue: the batches that wait for a worker (bi-fetch --work), each a small file queue/NAME, bi-batch(5).
 *
 * A process that makes a batch for a worker makes its entry first, holds the entry while it makes the batch, and then
 * releases it. An entry that no process holds and whose batch is not complete was left by a killed process. A worker
 * removes an entry under its lock when no work is left. The lock of queue/.lock tells whether a worker runs.
 */
#ifndef BI_QUEUE_H
#define BI_QUEUE_H

#include <stdbool.h>

#include "files/root.h"

/* Makes the entry of BATCH, a valid name, and holds it: it is locked before another process can see it, and its
 * directory is synced. Returns a descriptor for queue_hand_in(), or for close(2) after queue_drop() if the batch could
 * not be made. Returns -1 with errno on failure: EEXIST if the batch is in the queue. */
int queue_make(const struct root *root, const char *batch);

/* Releases the entry FD, so that workers take the batch. A process that dies before has handed nothing in. */
void queue_hand_in(int fd);

/* Makes sure that BATCH, which exists and got more items, is in the queue, and that workers look at it again. The
 * caller must not hold its entry. Returns 0 or -1. */
int queue_add(const struct root *root, const char *batch);

/* Removes the entry of BATCH even if it is held: for the process that made it. Returns 0, or -1 with errno (ENOENT:
 * there is none). */
int queue_drop(const struct root *root, const char *batch);

/* Removes the entry of BATCH if MAY returns true. MAY is called while the entry is locked, so no process hands in more
 * (queue_add()) or makes the batch. Returns 0 if the entry is gone, also by another process; 1 if MAY returned false or
 * a process holds the entry; -1 with errno. */
int queue_end(const struct root *root, const char *batch, bool (*may)(const char *batch, void *arg), void *arg);

/* Tells whether a process holds the entry of BATCH, to make the batch or to remove the entry. Returns 1; 0, also if
 * there is no entry; -1 with errno. */
int queue_is_held(const struct root *root, const char *batch);

/* Calls SEE with each batch that has an entry, until SEE returns false: those of the highest priority first
 * (batch_priority.h), and of these the oldest first. Returns 0 or -1. A root without a queue has no entries. */
int queue_each(const struct root *root, bool (*see)(const char *batch, void *arg), void *arg);

/* Returns a non-blocking descriptor (inotify) that becomes readable when something is handed in; its data tells nothing
 * more. Makes queue/ if it is missing. Returns -1 with errno on failure. */
int queue_watch(const struct root *root);

/* Marks this process as a worker until the returned descriptor is closed. With STAND_BY it first waits until no other
 * worker that used STAND_BY works. Returns -1 with errno on failure (EINTR: lock_interruptible()). */
int queue_hold_worker(const struct root *root, bool stand_by);

/* Tells whether a worker works on the queue; one that waits with STAND_BY does not. Returns 1, 0, or -1 with errno. */
int queue_has_worker(const struct root *root);

#endif
