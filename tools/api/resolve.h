/*
 * resolve: the notebook, job, item or file that an id stands for.
 */
#ifndef BI_RESOLVE_H
#define BI_RESOLVE_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "api.h"
#include "batch_cache.h"
#include "notebook/notebook.h"
#include "reply.h"

/* The batch NAME; good until the next call. NULL after making R the error. */
struct cached_batch *resolve_batch(struct api *api, const char *name, struct reply *r);

/* Makes R the error of the batch NAME, by errno: there is none, or it cannot be read. */
void resolve_fail(const char *name, struct reply *r);

/* The notebook NAME up to now, with all that its batches have. NULL after making R the error. */
struct notebook *resolve_notebook(struct api *api, const char *name, struct reply *r);

/* The same for a list: *NB is NULL if the name is valid, and nothing was submitted to it yet. False after making R the
 * error. */
bool resolve_listed(struct api *api, const char *name, struct notebook **nb, struct reply *r);

/* A job of the notebook NAME, and its batch. False after making R the error. */
struct resolved_job {
	uint64_t id;
	struct cached_batch *batch;
};
bool resolve_job(struct api *api, const char *notebook, const char *id, struct resolved_job *out, struct reply *r);

/* An item: what a file id, an upload id or the number of a knowledge item of the notebook NAME is of. */
struct resolved_item {
	struct notebook *notebook;
	uint64_t job;
	struct cached_batch *batch; /* NULL: it cannot be opened */
	int error;                  /* why: ENOENT, it has gone */
	uint32_t item;
	struct notebook_file file; /* where it is a file */
	bool is_file;
};
/* False after making R the error. */
bool resolve_item(struct api *api, const char *notebook, const char *id, struct resolved_item *out, struct reply *r);

/* A file of the notebook, or where that is NULL of any, by its id; with its line in the log as JSON, for the caller to
 * json_object_put(). NULL after making R the error. */
struct json_object *resolve_file(struct api *api, const char *notebook, const char *id, struct resolved_item *out,
				 struct reply *r);

#endif
