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

/* Returns how much may be added before the run must wait for the disk. OUTPUT is left to the caller. */
struct room commit_queue_room(const struct commit_queue *q);

/* Whether no job waits and the writer has no group. */
bool commit_queue_is_empty(const struct commit_queue *q);

/* Hands the next group to the writer, if the writer is idle and jobs wait. Returns whether the writer has a group. */
bool commit_queue_give(struct commit_queue *q);

/* Returns the group that is done, for the caller to free, or NULL. WAIT: the run is ending; waits for a group that is
 * under way. */
struct group *commit_queue_take(struct commit_queue *q, bool wait);

/* Ends the writer, which must be idle, and frees Q and the waiting jobs. NULL does nothing. */
void commit_queue_end(struct commit_queue *q);

#endif
