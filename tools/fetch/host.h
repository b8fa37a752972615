/*
 * host: the places that items come from, each with its queue of jobs, and which of them may start a transfer now.
 *
 * Hosts that may start a transfer form a ring and take turns. A paused host waits for a time, and a host with all its
 * slots in use waits for the end of a transfer. The limits count for all processes together (host_limits.h).
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
	unsigned active, cap;      /* transfers under way, and at most */
	struct host_rule rule;     /* what is known of it beforehand */
	struct host_limit *limit;  /* NULL for this machine's files */
	int64_t bandwidth;         /* bytes a second of all processes; 0: any */
	int64_t dry_until;         /* nothing more is received from it before this moment */
	int64_t refused_since;     /* it has refused connections since then, and answered none; 0: no */
	int64_t refused_last;      /* when it did last */
	long opt_outs;             /* media that its headers forbade */
	int64_t held_until;        /* it is held back until this moment, as was seen last; 0: it is not */
	int64_t waits_since;       /* it is waited for since then, and has answered nothing else; 0: it is not */
	bool held_too_long;        /* it is held back beyond --max-wait: its jobs fail */
	char retry_after[40];      /* of the answer that holds it back; "": not known */
	struct stop_streak streak; /* of its items; for stop_conditions.c, as the next three */
	uint64_t counted;          /* its last number among the hosts whose items failed */
	bool doubted;              /* nothing is started until an undecided result is known */
	bool left;                 /* its further items stay pending */
	char *refusal;             /* why nothing more is asked of it; NULL: it may be */
	struct job_list queue;     /* the scheduler's */
	struct run_queue parked;   /* behind those of the queue, known by number alone */
	unsigned run;              /* how many neighbours were claimed by one lock last; the scheduler's, as the next */
	int64_t run_since;         /* when, on clock_ms() */
	struct loop_timer pause;   /* set: nothing is started before its moment */
	bool has_origins;          /* host_table_find() may know it */
	struct host *next;         /* in its bucket */
	struct host *turn, *before; /* in the ring */
	bool in_turn;
	struct host *idle_next, *idle_before; /* in the list of those with nothing to do */
	bool idle;
};

/* Opens hosts/ of the root and reads hosts.conf. Ends the program if that fails. host_table_close() frees the table. */
struct host_table *host_table_open(struct run *run);

/* Frees the hosts, and the jobs in their queues. */
void host_table_close(struct host_table *t);

/* Returns the rules of hosts.conf. They belong to the table. */
const struct host_rules *host_table_rules(const struct host_table *t);

/* Returns the host of J's current URL, and creates it if it is new. A host that has nothing to do may be freed by the
 * next host_update() of any host. */
struct host *host_table_get(struct host_table *t, const struct job *j);

/* Returns the host of the URL that begins at URL and ends before END, or NULL if it is not known at once: it is for
 * URLs of hosts that have many. */
struct host *host_table_find(const struct host_table *t, const char *url, const char *end);

/* The same as host_table_get() for the URL that J's item was asked for by, before any redirect. */
struct host *host_table_get_asked(struct host_table *t, const struct job *j);

/* Returns the host whose turn it is, and moves the turn on. Returns NULL if no host may start a transfer. */
struct host *host_table_next(struct host_table *t);
bool host_table_has_next(const struct host_table *t);

/* The hosts that have work and are waited for. */
struct host_waits {
	unsigned count;          /* hosts that are held back or paused for some time */
	const struct host *held; /* of those that are held back, the one for which that lasts longest; NULL: none is */
};

/* Returns the hosts that are waited for longer than MS from now. */
struct host_waits host_table_waits(const struct host_table *t, int64_t ms);

/* Calls ACT with each host that has something to do. ACT may cause the host to be freed. */
void host_table_each(struct host_table *t, void (*act)(struct host *h, void *arg), void *arg);

/* Must be called after each change of the host's queue, transfers or pause. Puts the host into the ring or takes it
 * out, and frees it if it has nothing to do and nothing to remember. */
void host_update(struct host *h);

/* Pauses the host until DUE on clock_ms(); 0 ends the pause. The caller calls host_update() afterwards. */
void host_pause(struct host *h, int64_t due);

/* Asks for a slot. Returns true with a slot in SLOT, or with -1 for a host that is given up or held back for too long,
 * whose jobs need no slot. Returns false if the host must wait, or after run_fail(). */
bool host_acquire_slot(struct host *h, int *slot);

/* Counts the start of the transfer that SLOT is for. Returns false if another process was faster, or after run_fail():
 * SLOT was released then, and the host waits. */
bool host_count_start(struct host *h, int slot);

/* Releases a slot; -1 does nothing. The second function keeps the slot for the host's next transfer, at most until
 * host_table_release_kept(), which main_loop.c calls once a turn. */
void host_release_slot(struct host *h, int slot);
void host_keep_slot(struct host *h, int slot);
void host_table_release_kept(struct host_table *t);

/* Lets no process start a transfer from the host for MS milliseconds. RETRY_AFTER is the field by which the host asks
 * for it, or NULL. */
void host_hold(struct host *h, long ms, const char *retry_after);

/* Appends why the jobs of a host that is HELD_TOO_LONG fail, and what to do: "the host asks to be left alone until...".
 */
void host_explain_hold(const struct host *h, struct buf *out);

/* Counts N received bytes, and sets DRY_UNTIL if the host's bandwidth is used up. Returns false after run_fail(). */
bool host_spend(struct host *h, size_t n);

/* Notes what a job's verdict says about the host: that it answers, refuses connections, or must not be asked again. If
 * the host is given up now, a network failure in V becomes final. */
void host_apply_verdict(struct host *h, struct verdict *v);

#endif
