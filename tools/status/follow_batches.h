/*
 * follow_batches: batches that are looked at when something happens to them.
 */
#ifndef BI_FOLLOW_BATCHES_H
#define BI_FOLLOW_BATCHES_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "batch/watch_root.h"
#include "records/batch_args.h"
#include "snapshot.h"

struct followed_batch {
	struct snapshot snapshot;
	struct batch_stats history;
	int64_t due;    /* when to look at it, on clock_ms() */
	int64_t looked; /* when that was last; 0: never */
	int again;      /* how many looks are due after the next */
	bool found, gone;
	void *own; /* the caller's */
};

struct follower {
	const struct root *root;
	const struct batch_args *names; /* none: all batches */
	struct watch_root *follow;
	struct followed_batch **v; /* sorted by name */
	size_t n;
	int64_t every; /* ms between two looks at a batch */
	bool list;     /* batches came or went */
	bool several;  /* batches of other roots are shown too */
	/* What the caller wants to do. LOOK is called with the batch open, at the right time; it may set DUE, to be
	 * called again without anything happening. LEFT: the batch has gone, or (not GONE) is not tracked any longer.
	 * HEARD: something happened, to a batch that is tracked or (NULL) to another; may be NULL. */
	void (*look)(struct follower *t, struct followed_batch *v, struct batch *b);
	void (*left)(struct follower *t, struct followed_batch *v, bool gone);
	void (*heard)(struct follower *t, struct followed_batch *v, const struct watch_root_event *e);
	void *arg;
};

enum { FOLLOWER_FDS = 3 };
static const int64_t follower_never = INT64_MAX;

/* Begins, with the calls, EVERY and what else the caller has set in T; every batch is to be looked at. 0, or an exit
 * code after saying that a batch of NAMES is not there. */
int follower_open(struct follower *t);

/* Looks at all that are due, and returns when the next one is. */
int64_t follower_look(struct follower *t);

/* Waits until something happens, or until UNTIL (clock_ms()); FDS from the second on are the caller's (-1: none), with
 * their events. */
void follower_wait(struct follower *t, int64_t until, struct pollfd fds[FOLLOWER_FDS]);

/* Waits until something happens to a batch of the N followers T, or until UNTIL. */
void followers_wait(struct follower *t, size_t n, int64_t until);

/* Whether all are done that are tracked. */
bool follower_is_done(const struct follower *t);

/* What they come to, as snapshot_exit_code(). */
int follower_exit_code(const struct follower *t, const struct settings *set);

void follower_close(struct follower *t);

#endif
