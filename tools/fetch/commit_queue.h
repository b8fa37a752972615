/*
 * commit_queue: ended jobs on their way to the disk, gathered into groups for the writer's thread (commit.h).
 */
#ifndef BI_COMMIT_QUEUE_H
#define BI_COMMIT_QUEUE_H

#include "commit.h"

struct commit_queue;

/* Starts the writer. NULL with errno. For commit_queue_end(). */
struct commit_queue *commit_queue_new(struct run *run);

/* Adds a job whose verdict is final. */
void commit_queue_add(struct commit_queue *q, struct job *j);

/* How much more it takes before the run is to wait for the disk. */
struct room commit_queue_room(const struct commit_queue *q);

/* Nothing waits, and the writer has nothing. */
bool commit_queue_is_empty(const struct commit_queue *q);

/* Hands the writer the next group, if it is idle and there is one. Returns whether the writer has a group. */
bool commit_queue_give(struct commit_queue *q);

/* Returns the group that is done, for the caller to free; NULL: none is. With WAIT, which says that the run is to end,
 * a group that is under way is waited for. */
struct group *commit_queue_take(struct commit_queue *q, bool wait);

/* Ends the writer, which must be idle, and frees Q and the jobs that wait. NULL does nothing. */
void commit_queue_end(struct commit_queue *q);

#endif
