/*
 * commit: jobs that ended together, on their way to the disk, in a thread of their own: typed, named, synced, recorded.
 * The order is bi-batch(5)'s: a file is on the disk under its final name before its result is, and that before its
 * state says completed. The network goes on meanwhile.
 */
#ifndef BI_COMMIT_H
#define BI_COMMIT_H

#include "job.h"

enum { GROUP_MAX = 256 };

struct group {
	struct job *jobs[GROUP_MAX]; /* with a final verdict; the thread's until it is done */
	size_t count;
	struct job *aside[GROUP_MAX]; /* out: those that are not recorded yet, taken from JOBS */
	size_t aside_count;
	int error; /* out: an errno that ends the run; what was recorded before it counts */
	const char *doing;
};

struct writer;

/* Starts the thread. DONE is an eventfd that becomes readable when a group is done. NULL with errno. */
struct writer *writer_start(struct run *run, int *done);

/* Hands a group to the thread, which must be idle. */
void writer_give(struct writer *w, struct group *g);

/* Returns the group that is done, or NULL. WAIT: the run is ending; waits for a group that is under way. */
struct group *writer_take(struct writer *w, bool wait);

/* Ends the thread, which must be idle, and its bi-type. NULL does nothing. */
void writer_end(struct writer *w);

#endif
