/*
 * job_status: the progress of a batch, and the status document of the batch API.
 *
 * The counts and the states of the items come from one read of `state`, so they are of one moment. Items and results
 * are read only for the items that the document lists, one at a time. So a large document needs a byte for each item.
 */
#ifndef BI_JOB_STATUS_H
#define BI_JOB_STATUS_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "batch/batch.h"
#include "files/root.h"

enum { JOB_STATUS_ITEMS = 1000 }; /* how many items the document lists if no limit is given */

struct job_status {
	struct batch_counts counts;
	bool queued;        /* it is in queue/ for a worker */
	int priority;       /* among the batches in queue/ (batch_priority.h); -1 if its file has none */
	const char *status; /* the job's: "pending", "processing", "completed", "failed", "partially_completed" */
	unsigned tenths;    /* of a percent: items finished of all; 1000 only when all are */
	bool done;          /* no work is left, it is not queued, and no process holds it */
	bool stale;         /* work is left, it is not queued, and no process holds it */
	time_t updated;     /* the last change of `state` or results.ndjson; 0 if neither is there */
};

/* Reads the status of batch B of ROOT. Returns 0, or -1 with errno. */
int job_status_read(const struct root *root, const struct batch *b, struct job_status *p);

/* The same for callers that know whether the batch is queued, and when it was updated (batch_stamp.h). */
int job_status_read_known(const struct batch *b, bool queued, time_t updated, struct job_status *p);

/* Sets status, tenths, done and stale from counts and queued. */
void job_status_derive(struct job_status *p);

/* A function that takes a piece of the document. */
typedef void job_status_sink(const char *bytes, size_t n, void *arg);

/*
 * Hands the status document to SINK, piece by piece, on one line without newline: "batch_job" from P, then at most
 * LIMIT items after the first OFFSET, removed ones left out. With LIMIT 0 no item and no result is read; else P is
 * counted again together with the states of the items. Parts of batch.json, items or results that cannot be read are
 * null or empty in the document. Returns 0, or -1 with errno if one of these is there but cannot be read.
 */
int job_status_print(struct batch *b, struct job_status *p, uint64_t offset, uint64_t limit, job_status_sink *sink,
		     void *arg);

/* The same for callers that have read batch.json: ABOUT, NULL if it cannot be read. */
int job_status_print_known(const struct batch *b, struct json_object *about, struct job_status *p, uint64_t offset,
			   uint64_t limit, job_status_sink *sink, void *arg);

/* The word for the state of an item in the document; HELD: a process holds the batch. */
const char *job_status_word(int state, bool held);

/* Stores the upload id of an item to which the client gave none: 32 hexadecimal digits. */
void job_upload_id(uint64_t job, uint32_t item, char out[33]);

/* job_status_print_job() appends the "batch_job" of the document. job_status_print_item() appends item K as in "items":
 * STATE is its state (batch_state()), ABOUT batch.json, HELD tells whether a process holds the batch, and LINE is room
 * for its lines. It returns 0 or -1, as above. */
void job_status_print_job(const struct batch *b, struct json_object *about, const struct job_status *p,
			  struct buf *out);
int job_status_print_item(const struct batch *b, struct json_object *about, uint32_t k, int state, bool held,
			  struct buf *out, struct buf *line);

#endif
