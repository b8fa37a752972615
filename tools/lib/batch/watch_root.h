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

enum follow_what {
	FOLLOW_BATCH,   /* a file of the batch NAME changed */
	FOLLOW_GONE,    /* the directory of the batch NAME is not there any more; it is not watched now */
	FOLLOW_BATCHES, /* a batch, NAME, came or went in batches/ */
	FOLLOW_QUEUE,   /* the entry NAME of queue/ changed, or its lock */
	FOLLOW_REVIEW,  /* the review pages NAME */
	FOLLOW_LEASES,  /* the file NAME of leases/ */
	FOLLOW_LOST,    /* more happened than the kernel keeps, or a folder came: look at all */
};

struct follow_event {
	enum follow_what what;
	const char *name;           /* "" where there is none */
	const char *file;           /* FOLLOW_BATCH: which one; "" for the directory itself */
	bool made, closed, removed; /* it was made or renamed into place; was closed by a writer; is gone */
};

struct follow;

/* Begins to follow the folders batches/, queue/, review/ and leases/ of ROOT, also one that is made later. NULL with
 * errno: EMFILE where the user has too many (inotify(7) tells the limits). */
struct follow *follow_open(const struct root *root);

/* Follows the batch NAME too; twice is once. What happened before is not told: look at it after this. 0, or -1 with
 * errno: ENOENT where it is not there, ENOSPC where the user watches too much. */
int follow_batch(struct follow *f, const char *name);

/* A descriptor that is readable when something happened; it does not block. */
int follow_fd(const struct follow *f);

/* Calls SEE with all that happened. SEE may call follow_batch(). */
void follow_heed(struct follow *f, void (*see)(const struct follow_event *e, void *arg), void *arg);

void follow_close(struct follow *f);

#endif
