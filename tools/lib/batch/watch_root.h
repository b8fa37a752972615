/*
 * watch_root: reports changes to the batches of a root, by inotify(7).
 *
 * Only writers cause events: changed files, made files, and closes after writing. The close of a batch's `lock` is
 * reported just before the kernel drops the lock, so a caller that finds it held must try again a little later.
 */
#ifndef BI_WATCH_ROOT_H
#define BI_WATCH_ROOT_H

#include <stdbool.h>

#include "files/root.h"

enum watch_root_what {
	WATCH_ROOT_BATCH,   /* a file of the batch NAME changed */
	WATCH_ROOT_GONE,    /* the directory of the batch NAME is gone, and no longer watched */
	WATCH_ROOT_BATCHES, /* the batch NAME appeared in batches/ or disappeared */
	WATCH_ROOT_QUEUE,   /* the entry NAME of queue/ changed, or its lock */
	WATCH_ROOT_REVIEW,  /* the review pages NAME */
	WATCH_ROOT_LEASES,  /* the file NAME of leases/ */
	WATCH_ROOT_LOST,    /* events were lost, or a folder was made: look at everything */
};

struct watch_root_event {
	enum watch_root_what what;
	const char *name;           /* "" if there is none */
	const char *file;           /* WATCH_ROOT_BATCH: which one; "" for the directory itself */
	bool made, closed, removed; /* the file was made or renamed into place; was closed by a writer; is gone */
};

struct watch_root;

/* Begins to watch the folders batches/, queue/, review/ and leases/ of ROOT, also one that is made later. Returns NULL
 * with errno on failure: EMFILE if the user has too many watchers (inotify(7) has the limits). watch_root_close() frees
 * it. */
struct watch_root *watch_root_open(const struct root *root);

/* Watches the batch NAME too. A second call does nothing. Earlier changes are not reported, so look at the batch after
 * this call. Returns 0, or -1 with errno: ENOENT if it is not there, ENOSPC if the user watches too many files. */
int watch_root_add_batch(struct watch_root *f, const char *name);

/* Watches the batch NAME no longer. */
void watch_root_remove_batch(struct watch_root *f, const char *name);

/* Returns a non-blocking descriptor that is readable when there are events. */
int watch_root_fd(const struct watch_root *f);

/* Calls SEE with each event. SEE may call watch_root_add_batch(). */
void watch_root_handle_events(struct watch_root *f, void (*see)(const struct watch_root_event *e, void *arg),
			      void *arg);

void watch_root_close(struct watch_root *f);

#endif
