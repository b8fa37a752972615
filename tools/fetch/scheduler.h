/*
 * scheduler: which item is worked on when.
 *
 * It takes numbers of items from a queue, looks at them, makes jobs of those that are to be done, and queues these by
 * host. A job is claimed when its host's turn comes. What it meets on the way that is not to be started is handed out
 * apart: items that have a result, members of archives, and jobs that are over.
 */
#ifndef BI_SCHEDULER_H
#define BI_SCHEDULER_H

#include "host.h"
#include "job.h"
#include "run_queue.h"

struct scheduler;

/* It takes items from WANTS. What it meets on the way is added to STORED (items that have a result), MEMBERS (jobs of
 * members of archives, not claimed) and ENDED (jobs with a final verdict). For scheduler_end(). */
struct scheduler *scheduler_new(struct run *run, struct host_table *hosts, struct run_queue *wants,
				struct run_queue *stored, struct job_list *members, struct job_list *ended);

/* Frees its jobs; their claims are let go. NULL does nothing. */
void scheduler_end(struct scheduler *s);

/* Nothing waits, sleeps or is under way. */
bool scheduler_is_empty(const struct scheduler *s);

/* Looks at items that are wanted, at MOST of them, as far as that can help: some are kept ready, and more while no host
 * may start one. */
void scheduler_look(struct scheduler *s, const struct room *room, int most);
bool scheduler_may_look(const struct scheduler *s, const struct room *room);

/* Whether a host may start a transfer, and one more is allowed. */
bool scheduler_has_next(const struct scheduler *s);

/* Gives the next host its turn. Returns a job to be begun, claimed and with a slot; NULL where the host has to wait, or
 * its item is not to be done now. */
struct job *scheduler_next(struct scheduler *s);

/* The job, which scheduler_next() returned, no longer uses its host. */
void scheduler_release(struct scheduler *s, struct job *j);

/* Three ways on for a claimed job without a host: to the end of its host's queue, to its front, there after WAIT_MS. */
void scheduler_add(struct scheduler *s, struct job *j);
void scheduler_requeue(struct scheduler *s, struct job *j);
void scheduler_retry(struct scheduler *s, struct job *j, long wait_ms);

/* Claims an item for J. False: that is not to be had, J is freed, and its item is held or has a result. */
bool scheduler_claim(struct scheduler *s, struct job *j);

/* Looks at the item again in a while: another process has it, or it waits for its archive. */
void scheduler_hold(struct scheduler *s, struct target *t, uint32_t item);

/* Begins nothing more of T, which is cancelled. */
void scheduler_cancel(struct scheduler *s, struct target *t);

#endif
