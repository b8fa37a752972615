/*
 * jobs: the status documents of jobs.
 */
#ifndef BI_JOBS_H
#define BI_JOBS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "route.h"

/* Appends the status document of a job, with LIMIT of its items from OFFSET on, to OUT. *DONE: it will not change any
 * more. Returns the name of the batch, valid until another is cached; NULL after making R the error. */
const char *jobs_print_status(struct api *api, const char *notebook, const char *id, uint64_t limit, uint64_t offset,
			      struct buf *out, bool *done, struct reply *r);

#endif
