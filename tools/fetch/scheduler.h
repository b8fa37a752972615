/*
 * scheduler: which item is worked on when.
 *
 * The scheduler takes item numbers from a queue, makes jobs of the items that are to be done, and queues the jobs by
 * host. A job is claimed when its host's turn comes. Other items are passed on: those that have a result, members of
 * archives, and jobs that are over.
 */
#ifndef BI_SCHEDULER_H
#define BI_SCHEDULER_H

#include "host.h"
#include "job.h"
#include "run_queue.h"

struct scheduler;

/* Creates a scheduler, which scheduler_end() frees. It takes items from WANTS. It adds items that have a result to
 * STORED, jobs of members of archives, without a claim, to MEMBERS, and jobs with a final verdict to ENDED. */
struct scheduler *scheduler_new(struct run *run, struct host_table *hosts, struct run_queue *wants,
				struct run_queue *stored, struct job_list *members, struct job_list *ended);

/* From now on each new job, without a claim, is added to NEW first. The caller gives back by scheduler_put() what is to
 * be done. */
void scheduler_show_new(struct scheduler *s, struct job_list *new);
void scheduler_put(struct scheduler *s, struct job *j);

/* Frees its jobs; their claims are let go. */
void scheduler_end(struct scheduler *s);

/* Whether no item waits and no job waits, sleeps or is under way. */
bool scheduler_is_empty(const struct scheduler *s);

/* Reads at most MOST wanted items, as long as that is useful: a few jobs are kept ready, and more while no host may
 * start one. The second function tells whether reading more is useful. */
void scheduler_look(struct scheduler *s, const struct room *room, int most);
bool scheduler_may_look(const struct scheduler *s, const struct room *room);

/* Whether a host may start a transfer now, and --parallel allows one more. */
bool scheduler_has_next(const struct scheduler *s);

/* Gives the next host its turn. Returns a claimed job that has a slot, for the caller to start. Returns NULL if the
 * host must wait, or if its item cannot be claimed. */
struct job *scheduler_next(struct scheduler *s);

/* Releases the slot of a job that scheduler_next() returned. The job has no host from here on. */
void scheduler_release(struct scheduler *s, struct job *j);

/* Queues a claimed job that has no host: at the end of its host's queue, at its front, or at its front after WAIT_MS.
 */
void scheduler_add(struct scheduler *s, struct job *j);
void scheduler_requeue(struct scheduler *s, struct job *j);
void scheduler_retry(struct scheduler *s, struct job *j, long wait_ms);

/* Claims the item of J. Returns false if that is not possible: J is freed then, and its item is held or passed on. */
bool scheduler_claim(struct scheduler *s, struct job *j);

/* Reads the item again later, because another process works on it, or it waits for its archive. */
void scheduler_hold(struct scheduler *s, struct target *t, uint32_t item);

/* Starts no more jobs of H, which is LEFT: their items stay pending. */
void scheduler_leave(struct scheduler *s, struct host *h);

/* Whether no transfer is under way. */
bool scheduler_is_idle(const struct scheduler *s);

/* Starts no more jobs of T, which is cancelled. */
void scheduler_cancel(struct scheduler *s, struct target *t);

#endif
