/*
 * host: the places that items come from, each with its queue of jobs, and which of them may start a transfer now.
 *
 * A host that may start one stands in a ring and gets its turn. A host that is paused waits for its moment, one with
 * all its transfers under way for the end of one of them. The limits are those of all processes (host_limits.h).
 */
#ifndef BI_HOST_H
#define BI_HOST_H

#include "hosts/host_rules.h"
#include "job.h"
#include "run_queue.h"

struct host_limit;
struct host_table;

/* A place that items come from: HOST:PORT, a group of hosts, or "" for this machine's files. */
struct host {
	struct host_table *table;
	char *name;
	unsigned active, cap;        /* transfers under way, and at most */
	struct host_rule rule;       /* what is known of it beforehand */
	struct host_limit *governed; /* NULL for this machine's files */
	int64_t bandwidth;           /* bytes a second of all processes; 0: any */
	int64_t dry_until;           /* nothing more is received from it before this moment */
	int64_t refused_since;       /* it has refused connections since then, and answered none; 0: no */
	int64_t refused_last;        /* when it did last */
	long opt_outs;               /* media that its headers forbade */
	char *refusal;               /* why nothing more is asked of it; NULL: it may be */
	struct job_list queue;       /* the scheduler's */
	struct run_queue parked;     /* behind those of the queue, known by number alone */
	struct loop_timer pause;     /* set: nothing is started before its moment */
	struct host *next;           /* in its bucket */
	struct host *turn, *before;  /* in the ring */
	bool in_turn;
	struct host *idle_next, *idle_before; /* in the list of those with nothing to do */
	bool idle;
};

/* Opens hosts/ of the root and reads hosts.conf. Ends the program where that cannot be done. For host_table_close(). */
struct host_table *host_table_open(struct run *run);

/* Frees the hosts, and the jobs in their queues. NULL does nothing. */
void host_table_close(struct host_table *t);

/* What is known of all hosts beforehand. The table's. */
const struct host_rules *host_table_rules(const struct host_table *t);

/* Returns the host that J is to be got from now, which is made where it is new. It may vanish at the next host_update()
 * of any host unless it has something to do. */
struct host *host_table_get(struct host_table *t, const struct job *j);

/* Returns the host whose turn it is, and gives the turn to the next one; NULL: none may start a transfer. */
struct host *host_table_next(struct host_table *t);
bool host_table_has_next(const struct host_table *t);

/* How many hosts are paused for more than MS from now. */
unsigned host_table_count_paused(const struct host_table *t, int64_t ms);

/* Calls ACT with each host that has something to do. It may vanish by that. */
void host_table_each(struct host_table *t, void (*act)(struct host *h, void *arg), void *arg);

/* To be called after each change of its queue, its transfers or its pause: puts it into the ring or out of it, and
 * frees it when there is nothing to do for it and nothing to remember. */
void host_update(struct host *h);

/* Starts nothing of it before the moment DUE of clock_ms(); with 0 the pause is over. host_update() is the caller's. */
void host_pause(struct host *h, int64_t due);

/* Asks for a slot. True: SLOT is one, or -1 for a host that is given up, whose jobs need none. False: the host waits,
 * or the run has failed. */
bool host_acquire_slot(struct host *h, int *slot);

/* Gives a slot back; -1 does nothing. The second keeps it for the host's next transfer of this turn, if there may be
 * one, until host_table_release_kept(). */
void host_release_slot(struct host *h, int slot);
void host_keep_slot(struct host *h, int slot);
void host_table_release_kept(struct host_table *t);

/* Leaves the host alone for MS milliseconds, in every process. */
void host_hold(struct host *h, long ms);

/* Counts N bytes that came in; DRY_UNTIL says whether to go on. False after run_fail(). */
bool host_spend(struct host *h, size_t n);

/* Notes what a job's verdict says of the host: that it answers, refuses connections, or is to be asked no more. If it
 * is given up, a failure of the network is not to be tried again. */
void host_apply_verdict(struct host *h, struct verdict *v);

#endif
