#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/scan.h"
#include "batch_cache.h"
#include "records/rec.h"
#include "resolve.h"

/* --- batches --- */

void
resolve_fail(const char *name, struct reply *r)
{
	if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP)
		reply_error(r, 404, "no_such_batch", "there is no such batch; GET status/ lists the batches");
	else
		reply_error(r, 500, "cannot_read", "the batch %s cannot be read: %s", name, trouble_reason(errno));
}

struct cached_batch *
resolve_batch(struct api *api, const char *name, struct reply *r)
{
	struct cached_batch *b = batch_cache_get(api->cache, &api->root, name);

	if (!b)
		resolve_fail(name, r);
	return b;
}

/* --- notebooks --- */

static struct notebook *
open_notebook(struct api *api, const char *name, struct reply *r)
{
	struct notebook *nb = batch_cache_notebook(api->cache, &api->root, name);

	if (!nb && errno == ENOENT)
		reply_error(r, 404, "no_such_notebook", "there is no such notebook: nothing was submitted to it");
	else if (!nb)
		reply_error(r, 500, "cannot_read", "the notebook %s cannot be read: %s", name, trouble_reason(errno));
	return nb;
}

static bool
settle_notebook(struct api *api, struct notebook *nb, struct reply *r)
{
	if (notebook_catch_up(&api->root, nb) == 0)
		return true;
	if (errno == EINTR)
		reply_error(r, 503, "busy", "another process holds the notebook %s", notebook_name(nb));
	else
		reply_error(r, 500, "cannot_read", "the notebook %s cannot be read: %s", notebook_name(nb),
			    trouble_reason(errno));
	return false;
}

struct notebook *
resolve_notebook(struct api *api, const char *name, struct reply *r)
{
	struct notebook *nb = open_notebook(api, name, r);

	return nb && settle_notebook(api, nb, r) ? nb : NULL;
}

bool
resolve_listed(struct api *api, const char *name, struct notebook **nb, struct reply *r)
{
	*nb = root_name_check(name) ? NULL : batch_cache_notebook(api->cache, &api->root, name);
	if (!*nb && !root_name_check(name) && errno == ENOENT)
		return true;
	return (*nb = resolve_notebook(api, name, r));
}

/* --- jobs --- */

/* The batch NAME, if it belongs to the job ID. NULL with errno: ENOENT if it is gone, or belongs to another job by now.
 */
static struct cached_batch *
batch_of(struct api *api, const char *name, const char *notebook, uint64_t id)
{
	struct cached_batch *b = batch_cache_get(api->cache, &api->root, name);
	const char *its = b && b->about ? rec_string(b->about, "notebook") : NULL;

	if (b && its && strcmp(its, notebook) == 0 && rec_number(b->about, "job_id", -1) == (long long)id)
		return b;
	if (b)
		errno = ENOENT;
	return NULL;
}

static void
no_batch(int error, const char *batch, const char *of, struct reply *r)
{
	if (error == ENOENT)
		reply_error(r, 404, "removed", "the batch %s of this %s was removed", batch, of);
	else
		reply_error(r, 500, "cannot_read", "the batch %s of this %s cannot be read: %s", batch, of,
			    trouble_reason(error));
}

static bool
no_job(struct api *api, const char *notebook, struct reply *r)
{
	/* Reports which of the two does not exist. */
	if (open_notebook(api, notebook, r))
		reply_error(r, 404, "no_such_job", "the notebook %s has no such job; GET batch-jobs/ lists its jobs",
			    notebook);
	return false;
}

bool
resolve_job(struct api *api, const char *notebook, const char *id, struct resolved_job *out, struct reply *r)
{
	const char *at = id, *end = id + strlen(id);
	char name[BATCH_NAME_MAX + 1];
	struct notebook_seen_job seen;
	struct notebook *nb;

	if (!scan_number(&at, end, &out->id) || *at || *id == '0' || root_name_check(notebook))
		return no_job(api, notebook, r);
	/* The usual name is tried first; the notebook is searched only if that fails. */
	snprintf(name, sizeof(name), "job-%llu", (unsigned long long)out->id);
	out->batch = batch_of(api, name, notebook, out->id);
	if (out->batch)
		return true;
	nb = open_notebook(api, notebook, r);
	if (!nb)
		return false;
	if (!notebook_find_job(nb, out->id, &seen))
		return no_job(api, notebook, r);
	out->batch = batch_of(api, seen.batch, notebook, out->id);
	if (!out->batch)
		no_batch(errno, seen.batch, "job", r);
	return out->batch;
}

/* --- items and files --- */

static void
open_batch(struct api *api, const char *batch, struct resolved_item *out)
{
	out->batch = batch_of(api, batch, notebook_name(out->notebook), out->job);
	out->error = out->batch ? 0 : errno;
}

static bool
find_file(struct api *api, const char *id, struct resolved_item *out)
{
	out->is_file = notebook_find_file(out->notebook, id, &out->file);
	if (!out->is_file)
		return false;
	out->job = out->file.job;
	out->item = out->file.item;
	open_batch(api, out->file.batch, out);
	return true;
}

static bool
find_upload(struct api *api, const char *id, struct resolved_item *out)
{
	struct notebook_seen_job job;
	int64_t length;

	if (!notebook_find_upload(out->notebook, id, &job, &out->item))
		return false;
	out->job = job.id;
	open_batch(api, job.batch, out);
	/* A completed item is in the notebook before it is reported. */
	if (out->batch && batch_state(out->batch->batch, out->item) == 'c' &&
	    !notebook_find_item(out->notebook, out->job, out->item, &out->file)) {
		notebook_import_results(&api->root, out->batch->batch);
		notebook_refresh(out->notebook);
	}
	out->is_file = notebook_find_item(out->notebook, out->job, out->item, &out->file);
	/* A batch whose items cannot be counted exists, and reading it will report the error. */
	length = out->batch ? batch_length(out->batch->batch) : -1;
	return length < 0 || out->item <= length;
}

static bool
find_knowledge(struct api *api, const char *id, struct resolved_item *out)
{
	const char *at = id, *end = id + strlen(id);
	uint64_t number;

	return scan_number(&at, end, &number) && at == end && *id != '0' &&
	       notebook_find_knowledge(out->notebook, number, &out->file) && find_file(api, out->file.id, out);
}

static bool
find_any(struct api *api, const char *id, struct resolved_item *out)
{
	return find_file(api, id, out) || find_upload(api, id, out) || find_knowledge(api, id, out);
}

bool
resolve_item(struct api *api, const char *notebook, const char *id, struct resolved_item *out, struct reply *r)
{
	*out = (struct resolved_item){.notebook = open_notebook(api, notebook, r)};
	if (!out->notebook || find_any(api, id, out))
		return out->notebook;
	/* An item that was just completed may be only in its batch. */
	if (!settle_notebook(api, out->notebook, r) || find_any(api, id, out))
		return r->status == 200;
	return reply_error(r, 404, "no_such_file",
			   "the notebook %s has no such file, neither by file id nor by upload id or "
			   "number of a knowledge item",
			   notebook);
}

static struct json_object *
read_line(const struct resolved_item *i, struct reply *r)
{
	struct json_object *o = notebook_line(i->notebook, &i->file);

	if (!o)
		reply_error(r, 500, "cannot_read", "the notebook %s cannot be read: %s", notebook_name(i->notebook),
			    trouble_reason(errno));
	return o;
}

/* Finds the file in a notebook to which the id may belong. False with errno: ENOENT if none has it. */
static bool
find_anywhere(struct api *api, const char *id, struct resolved_item *out)
{
	size_t cursor = 0;
	const char *name;
	int error = 0, rc;

	while ((name = notebook_of_file_id(batch_cache_notebooks(api->cache, &api->root), id, &cursor))) {
		*out = (struct resolved_item){.notebook = batch_cache_notebook(api->cache, &api->root, name)};
		if (out->notebook && find_file(api, id, out))
			return true;
		rc = out->notebook ? notebook_catch_up(&api->root, out->notebook) : -1;
		if (rc == 0 && find_file(api, id, out))
			return true;
		if (rc < 0 && errno != ENOENT)
			error = errno;
	}
	errno = error ? error : errno;
	return false;
}

struct json_object *
resolve_file(struct api *api, const char *notebook, const char *id, struct resolved_item *out, struct reply *r)
{
	if (notebook ? !resolve_item(api, notebook, id, out, r) : !find_anywhere(api, id, out)) {
		if (!notebook && errno == ENOENT)
			reply_error(r, 404, "no_such_file", "no notebook has a file of this id");
		else if (!notebook)
			reply_error(r, 500, "cannot_read", "not all notebooks can be read: %s", trouble_reason(errno));
		return NULL;
	}
	if (!out->is_file)
		reply_error(r, 404, "not_completed",
			    "this item has no file yet, or no longer has one: its status says why");
	else if (!out->batch)
		no_batch(out->error, out->file.batch, "file", r);
	else
		return read_line(out, r);
	return NULL;
}
