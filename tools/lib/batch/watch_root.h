/*
 * watch_root: what happens to the batches of a root, as the kernel tells it (inotify(7)).
 *
 * Only writers are heard of: changes, files that are made, and closes after writing; readers wake nobody. The close of
 * a batch's `lock` is told just before the kernel drops the lock, so whoever asks for the lock then asks again a
 * little later.
 */
#ifndef BI_WATCH_ROOT_H
#define BI_WATCH_ROOT_H

#include <stdbool.h>

#include "files/root.h"

enum watch_root_what {
	WATCH_ROOT_BATCH,   /* a file of the batch NAME changed */
	WATCH_ROOT_GONE,    /* the directory of the batch NAME is not there any more; it is not watched now */
	WATCH_ROOT_BATCHES, /* a batch, NAME, came or went in batches/ */
	WATCH_ROOT_QUEUE,   /* the entry NAME of queue/ changed, or its lock */
	WATCH_ROOT_REVIEW,  /* the review pages NAME */
	WATCH_ROOT_LEASES,  /* the file NAME of leases/ */
	WATCH_ROOT_LOST,    /* more happened than the kernel keeps, or a folder came: look at all */
};

struct watch_root_event {
	enum watch_root_what what;
	const char *name;           /* "" where there is none */
	const char *file;           /* WATCH_ROOT_BATCH: which one; "" for the directory itself */
	bool made, closed, removed; /* it was made or renamed into place; was closed by a writer; is gone */
};

struct watch_root;

/* Begins to follow the folders batches/, queue/, review/ and leases/ of ROOT, also one that is made later. NULL with
 * errno: EMFILE where the user has too many (inotify(7) tells the limits). */
struct watch_root *watch_root_open(const struct root *root);

/* Follows the batch NAME too; twice is once. What happened before is not told: look at it after this. 0, or -1 with
 * errno: ENOENT where it is not there, ENOSPC where the user watches too much. */
int watch_root_add_batch(struct watch_root *f, const char *name);

/* A descriptor that is readable when something happened; it does not block. */
int watch_root_fd(const struct watch_root *f);

/* Calls SEE with all that happened. SEE may call watch_root_add_batch(). */
void watch_root_handle_events(struct watch_root *f, void (*see)(const struct watch_root_event *e, void *arg),
			      void *arg);

void watch_root_close(struct watch_root *f);

#endif
