/*
 * status: what the files of bi-status share.
 */
#ifndef BI_STATUS_H
#define BI_STATUS_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>

#include "batch/batch_stats.h"
#include "batch/job_status.h"
#include "files/root.h"
#include "records/batch_args.h"

/* What was asked for. */
struct asked {
	bool json, wait, strict, failed, from_start;
	uint64_t limit, offset;
	long timeout; /* ms; -1: none */
};

/* --- seen.c: a batch, and how far it is --- */

enum { SEEN_KINDS = 8 };

struct seen {
	char *name;
	int wrong; /* an errno: it cannot be read */
	struct job_status p;
	unsigned workers;   /* processes that hold it, as far as that can be told; 0 where it is held: some */
	bool worker_runs;   /* one of the queue's */
	double rate, bytes; /* items and bytes a second; of one that is worked on */
	/* The kinds of failures, the most frequent first. */
	struct {
		char *code;
		uint64_t count;
	} kinds[SEEN_KINDS];
	size_t kinds_n;
	bool more_kinds;
};

/*
 * Looks at the batch B of ROOT. With H also at what is to be shown beside its states; H keeps what was read of its
 * results until the next look. 0, or -1 with errno, which S has as WRONG too.
 */
int seen_look(const struct root *root, struct seen *s, struct batch *b, struct batch_stats *h);

void seen_free(struct seen *s);

/* Says why the batch NAME could not be opened, by errno. The exit code. */
int seen_say_not_open(const char *name);

/* What the items of N batches come to: the exit code of --strict and --wait. */
int seen_judge(const struct seen *const *v, size_t n, const struct asked *asked);

/* Items that are not finished. */
uint64_t seen_left(const struct seen *s);

/* Whether items are left and nobody is at them, nor will be. */
bool seen_is_stalled(const struct seen *s);

/* --- status_table.c --- */

/* Where a table goes. */
struct paper {
	int width;   /* columns */
	bool colour; /* escape sequences may be used */
};

/* The paper that standard output is. */
struct paper paper_of_stdout(void);

/* Appends the table of N batches to OUT, at least one line. */
void table_print(const struct root *root, const struct seen *const *v, size_t n, const struct paper *paper,
		 struct buf *out);

/* The same on ROWS lines at most; those that move come first where not all fit. */
void table_print_most(const struct root *root, const struct seen *const *v, size_t n, const struct paper *paper,
		      int rows, struct buf *out);

/* --- items.c --- */

/* Prints the items of the batches. The exit code. */
int items_show(const struct root *root, const struct batch_args *names, const struct asked *asked);

/* --- track.c: batches that are looked at when something happens to them --- */

struct watch_root_event;

struct tracked {
	struct seen seen;
	struct batch_stats history;
	int64_t due;    /* when to look at it, on clock_ms() */
	int64_t looked; /* when that was last; 0: never */
	int again;      /* how many looks are due after the next */
	bool found, gone;
	void *own; /* the caller's */
};

struct track {
	const struct root *root;
	const struct batch_args *names; /* none: all batches */
	struct watch_root *follow;
	struct tracked **v; /* sorted by name */
	size_t n;
	int64_t every; /* ms between two looks at a batch */
	bool list;     /* batches came or went */
	/* What the caller wants to do. LOOK is called with the batch open, at the right time; it may set DUE, to be
	 * called again without anything happening. LEFT: the batch has gone, or (not GONE) is not tracked any longer.
	 * HEARD: something happened, to a batch that is tracked or (NULL) to another; may be NULL. */
	void (*look)(struct track *t, struct tracked *v, struct batch *b);
	void (*left)(struct track *t, struct tracked *v, bool gone);
	void (*heard)(struct track *t, struct tracked *v, const struct watch_root_event *e);
	void *arg;
};

enum { TRACK_FDS = 3 };
static const int64_t track_never = INT64_MAX;

/* Begins, with the calls, EVERY and what else the caller has set in T; every batch is to be looked at. 0, or an exit
 * code after saying that a batch of NAMES is not there. */
int track_open(struct track *t);

/* Looks at all that are due, and returns when the next one is. */
int64_t track_look(struct track *t);

/* Waits until something happens, or until UNTIL (clock_ms()); FDS from the second on are the caller's (-1: none), with
 * their events. */
void track_wait(struct track *t, int64_t until, struct pollfd fds[TRACK_FDS]);

/* Whether all are done that are tracked. */
bool track_is_done(const struct track *t);

/* What they come to, as seen_judge(). */
int track_judge(const struct track *t, const struct asked *asked);

void track_close(struct track *t);

/* --- wait.c --- */

/*
 * Waits until the batches NAMES are done, MS milliseconds at most (-1: for ever). Returns an exit code: 0 when
 * they are, EX_TEMPFAIL when the time was over, EX_NOINPUT for a batch that was taken away; what was wrong has been
 * said then. One that is not there ends the program with EX_NOINPUT.
 */
int batches_wait(const struct root *root, const struct batch_args *names, long ms);

/* --- watch.c, events.c --- */

/* Shows the table, and keeps it up to date until it is to end. NAMES may be empty: all batches. The exit code. */
int batches_watch(const struct root *root, const struct batch_args *names, const struct asked *asked);

/* Prints what happens, until it is to end. The same. */
int events(const struct root *root, const struct batch_args *names, const struct asked *asked);

/* --- doctor.c --- */

/* Says what is wrong with ROOT and the machine, and how to mend it: on stdout a line, or with JSON a record, for each
 * thing. 0 when nothing is, else EX_SOME_FAILED. */
int doctor(const struct root *root, bool json);

#endif
