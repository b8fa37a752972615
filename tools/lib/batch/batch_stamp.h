/*
 * batch_stamp: tells cheaply whether a batch may have changed since it was read last.
 *
 * A stamp is made of what stat(2) says of the batch's directory and of the files that change, whether a process holds
 * the batch, whether it is queued, and whether it has review pages. Two changes within one tick of the file system's
 * clock give the same stamp. So a stamp that was taken within some seconds of the last change must not be believed.
 */
#ifndef BI_BATCH_STAMP_H
#define BI_BATCH_STAMP_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "files/root.h"

/* The folders of a root in which a stamp looks. */
struct batch_folders {
	int batches, queue, review; /* -1: it is not there */
};

/* Opens the folders, which batch_folders_close() closes. Returns 0, or -1 with errno if one is there but cannot be
 * opened. */
int batch_folders_open(const struct root *root, struct batch_folders *f);
void batch_folders_close(struct batch_folders *f); /* keeps errno */

struct batch_stamp {
	uint64_t print;     /* of everything below, and of what else was looked at */
	uint64_t directory; /* of the batch's directory: another one of the same name has another number */
	time_t changed;     /* when the latest change was, as the file system says */
	time_t updated;     /* the same for `state` and results.ndjson (job_status.h) */
	bool held, queued;
	bool has_picks; /* there is a picks.ndjson */
	bool has_page;  /* there is review/NAME/index.html */
};

/* Takes the stamp of the batch NAME. Returns 0, or -1 with errno: ENOENT if there is no such batch. */
int batch_stamp_take(const struct batch_folders *f, const char *name, struct batch_stamp *out);

#endif
