/*
 * look: what bi-api answers of jobs, files and knowledge items, each within its notebook.
 */
#ifndef BI_RESOLVE_H
#define BI_RESOLVE_H

#include "api.h"
#include "notebook/notebook.h"

/* --- query.c: what stands behind the question mark of a path --- */

/* Appends the N bytes AT, where % stands before two hexadecimal digits, and with PLUS + is a space; a NUL becomes one.
 */
void query_decode(const char *at, size_t n, bool plus, struct buf *out);

/* The parameter NAME, decoded, into OUT. False where it is not there. */
bool query_text(const struct request *q, const char *name, struct buf *out);

/* The number of the parameter NAME, OTHERWISE where it is not there, into OUT. False after making R the error of one
 * that is no number or above MOST. */
bool query_number(const struct request *q, const char *name, uint64_t otherwise, uint64_t most, uint64_t *out,
		  struct reply *r);

/* "limit" (OTHERWISE, LOOK_MAX at most) and "offset". */
bool query_page(const struct request *q, uint64_t otherwise, uint64_t *limit, uint64_t *offset, struct reply *r);

enum { LOOK_USUAL = 50, LOOK_MAX = 10000 };

/* --- resolve.c: what an id is of --- */

/* The notebook NAME up to now, with all that its batches have. NULL after making R the error. */
struct notebook *look_notebook(struct api *api, const char *name, struct reply *r);

/* A job of the notebook NAME, and its batch. False after making R the error. */
struct look_job {
	uint64_t id;
	struct kept_batch *batch;
};
bool look_job(struct api *api, const char *notebook, const char *id, struct look_job *out, struct reply *r);

/* An item: what a file id or an upload id of the notebook NAME is of. */
struct look_item {
	struct notebook *notebook;
	uint64_t job;
	struct kept_batch *batch; /* NULL: look_no_batch() */
	int error;                /* why: ENOENT, it has gone */
	uint32_t item;
	struct notebook_file file; /* where it is a file */
	bool is_file;
};
/* False after making R the error. */
bool look_item(struct api *api, const char *notebook, const char *id, struct look_item *out, struct reply *r);

/* Makes R the error of an item whose batch is NULL. */
void look_no_batch(const struct look_item *i, const char *batch, struct reply *r);

/* A file of the notebook, or where that is NULL of any, by its id; with its line in the log as JSON, for the caller to
 * json_object_put(). NULL after making R the error. */
struct json_object *look_file(struct api *api, const char *notebook, const char *id, struct look_item *out,
			      struct reply *r);

/* Appends ,"KEY":VALUE of the member NAME where O has it. */
void look_add(struct buf *out, struct json_object *o, const char *name, const char *key);

/* --- jobs.c, files.c, content.c, delete_file.c, knowledge.c --- */

handler jobs_status, jobs_list;
handler files_list, files_status, files_delete;
handler content_get, content_raw, content_image;
handler knowledge_list, knowledge_link, knowledge_unlink;

/* The status document of a job, with LIMIT of its items from OFFSET on, or of a file, into OUT, and whether it will
 * stay as it is. The name of the batch, good until another is kept; NULL after making R the error. */
const char *jobs_print_status(struct api *api, const char *notebook, const char *id, uint64_t limit, uint64_t offset,
			      struct buf *out, bool *done, struct reply *r);
const char *files_print_status(struct api *api, const char *notebook, const char *id, struct buf *out, bool *done,
			       struct reply *r);

#endif
