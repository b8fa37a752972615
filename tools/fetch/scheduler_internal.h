/*
 * scheduler_internal: declarations that only the files of the scheduler share: scheduler_queue.c has what waits,
 * scheduler_look.c decides about items, and scheduler.c starts jobs and lets go of them.
 */
#ifndef BI_SCHEDULER_INTERNAL_H
#define BI_SCHEDULER_INTERNAL_H

#include "scheduler.h"

/* How often items that wait for other processes are checked. */
enum { HELD_MS = 100 };

struct scheduler {
	struct run *run;
	struct host_table *hosts;
	struct run_queue *wants, *stored;
	struct job_list *members, *ended;
	struct job_list *new;        /* NULL: nobody looks at new jobs */
	struct run_queue held;       /* waiting for other processes, or for a job of this one */
	struct run_queue held_round; /* those that are still to be checked in this round */
	struct loop_timer held_timer;
	bool held_due;
	struct loop_timer run_timer;  /* set while items may be claimed ahead */
	size_t queued, queued_weight; /* jobs, bytes */
	size_t parked;                /* runs of items */
	unsigned active;
	struct sleeper *sleepers;
	size_t asleep_weight; /* bytes of their jobs */
};

/* A job that waits for its next attempt. */
struct sleeper {
	struct scheduler *scheduler;
	struct job *job;
	struct loop_timer timer;
	struct sleeper *next, **at; /* AT: what refers to it */
};

/* --- scheduler_queue.c --- */

/* The function of HELD_TIMER: held items are due to be checked. */
void scheduler_note_held_due(void *arg);

/* Ends a job that is in no list, without a result. */
void scheduler_leave_job(struct scheduler *s, struct job *j);

/* Adds a job to the queue of its host, at the front or the end, and cuts it out. A job of a host that is left ends
 * instead. */
void scheduler_enqueue(struct scheduler *s, struct job *j, bool front);
void scheduler_dequeue(struct scheduler *s, struct job *j);

/* Ends the wait of a job for its next attempt. Returns the job. */
struct job *scheduler_end_sleep(struct sleeper *sleeper);

/* Another process works on the items of T that are next here: this one goes on elsewhere. H has some of them parked,
 * and may be NULL. */
void scheduler_avoid_others(struct scheduler *s, const struct target *t, struct host *h);

/* --- scheduler_look.c --- */

/* Makes items of a host ready that were kept only as numbers. */
void scheduler_refill(struct scheduler *s, struct host *h);

#endif
