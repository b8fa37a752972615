/*
 * batch_status: the status of one batch, as the document of all batches has it. Between two looks no file of the batch
 * is open, and little is kept in memory.
 */
#ifndef BI_BATCH_STATUS_H
#define BI_BATCH_STATUS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "batch/batch_stamp.h"
#include "files/root.h"

struct batch_text {
	struct buf all;         /* a JSON object; empty: the batch was not read yet */
	size_t cut_at, cut_len; /* a part of it that the changes leave out: the bytes over time */
};

struct batch_status {
	char *name;
	struct batch_text text;
	uint64_t version; /* of the document with the last change; 0: it is not in the document yet */
	struct batch_stamp stamp;
	bool is_sure;                      /* while the stamp stays the same, so does TEXT */
	bool is_wrong;                     /* the batch could not be read */
	struct batch_status_read *own;     /* what was read of its files; NULL: nothing is kept */
	struct look {                      /* the caller's (overview_stream.c) */
		struct batch_status *next; /* in the queue */
		uint64_t number;           /* its place there; 0: it is not queued */
		size_t at;                 /* 1 + its place among the active; 0: it is not active */
		int64_t due, done;         /* the next look at an active one, and the last look, on clock_ms() */
		int64_t active_until;
		bool is_watched, is_found;
	} look;
};

enum batch_status_found {
	BATCH_STATUS_SAME,
	BATCH_STATUS_CHANGED, /* TEXT */
	BATCH_STATUS_MORE,    /* its results are long: look again at once to read more of them */
	BATCH_STATUS_BEGUN,   /* as BATCH_STATUS_MORE, and TEXT changed */
	BATCH_STATUS_GONE,    /* there is no such batch */
};

struct batch_status *batch_status_new(const char *name);
void batch_status_free(struct batch_status *v);

/* Looks at the batch, at time NOW (seconds since 1970). A batch whose stamp shows no change is not read. If the batch
 * cannot be read, TEXT says why. */
enum batch_status_found batch_status_look(struct batch_status *v, const struct root *root,
					  const struct batch_folders *folders, int64_t now);

/* Whether the batch is being worked on, or TEXT may change by itself. */
bool batch_status_is_active(const struct batch_status *v);

/* Closes the files that batch_status_look() left open for the next look: at most BATCH_STATUS_FILES. */
enum { BATCH_STATUS_FILES = 4 };
void batch_status_close(struct batch_status *v);

/* Frees what was read of the files, unless it took long. The next look reads them again. */
void batch_status_rest(struct batch_status *v);

#endif
