/*
 * job_status: how far a batch is, and the status document of the batch API that says so.
 *
 * What is counted comes from one read of `state`; items and results are read only for the items
 * that the document lists, one at a time, so its size costs no memory.
 */
#ifndef BI_JOB_STATUS_H
#define BI_JOB_STATUS_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "batch/batch.h"
#include "files/root.h"

enum { JOB_STATUS_ITEMS = 1000 }; /* the items that the document lists where no limit is given */

struct job_status {
	struct batch_counts counts;
	bool queued;        /* it is in queue/: a worker will take it */
	const char *status; /* the job's: "pending", "processing", "completed", "failed", "partially_completed" */
	unsigned tenths;    /* of a percent: items finished of all; 1000 only when all are */
	bool done;          /* nothing is left, it is not queued, and nobody holds it */
	bool stale;         /* work is left, it is not queued, and nobody holds it */
	time_t updated;     /* the latest change of `state` or results.ndjson; 0 where neither is there */
};

/* Looks at batch B of ROOT. 0, or -1 with errno. */
int job_status_read(const struct root *root, const struct batch *b, struct job_status *p);

/* Works out status, tenths, done and stale from counts and queued. */
void job_status_derive(struct job_status *p);

/* Takes a piece of the document. */
typedef void job_status_sink(const char *bytes, size_t n, void *arg);

/*
 * Hands the status document to SINK, piece by piece, on one line and without newline: "batch_job" from P, then LIMIT
 * items at most, those after the first OFFSET. With LIMIT 0 no item and no result is read. What cannot be read of
 * batch.json, items or results is null or empty in the document; where that is for another reason than that it is not
 * there, -1 is returned with errno, else 0.
 */
int job_status_print(struct batch *b, const struct job_status *p, uint64_t offset, uint64_t limit,
		     job_status_sink *sink, void *arg);

/* The same for one who has read batch.json: ABOUT, NULL where that cannot be read. */
int job_status_print_known(const struct batch *b, struct json_object *about, const struct job_status *p,
			   uint64_t offset, uint64_t limit, job_status_sink *sink, void *arg);

/* Appends what "batch_job" is in the document, and what one of "items" is: item K, in a batch that somebody holds or
 * not. LINE is room for its lines. The second returns 0 or -1, as above. */
void job_status_print_job(const struct batch *b, struct json_object *about, const struct job_status *p,
			  struct buf *out);
int job_status_print_item(const struct batch *b, uint32_t k, bool held, struct buf *out, struct buf *line);

#endif
