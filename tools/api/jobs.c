#include <errno.h>
#include <json-c/json.h>
#include <string.h>

#include "look.h"
#include "progress.h"
#include "rec.h"

static void
to_buf(const char *bytes, size_t n, void *arg)
{
	buf_add(arg, bytes, n);
}

const char *
jobs_print_status(struct api *api, const char *notebook, const char *id, uint64_t limit, uint64_t offset,
		  struct buf *out, bool *done, struct reply *r)
{
	struct look_job job;
	struct progress p;

	if (!look_job(api, notebook, id, &job, r))
		return NULL;
	if (progress_read(&api->root, job.batch->batch, &p) < 0) {
		reply_error(r, 500, "cannot_read", "the batch %s cannot be read: %s", job.batch->name, strerror(errno));
		return NULL;
	}
	progress_print_known(job.batch->batch, job.batch->about, &p, offset, limit, to_buf, out);
	*done = p.done;
	return job.batch->name;
}

void
jobs_status(struct api *api, const struct request *q, struct reply *r)
{
	/* [notebooks/]NB/batch-jobs/ID/status. */
	const char *notebook = q->words[q->count - 4], *id = q->words[q->count - 2];
	uint64_t limit, offset;
	bool done;

	if (!query_page(q, PROGRESS_ITEMS, &limit, &offset, r) ||
	    !jobs_print_status(api, notebook, id, limit, offset, &r->body, &done, r))
		return;
	buf_str(&r->body, "\n");
	reply_tag(r, q->scgi);
}

/* A batch of which nothing is left but its job's line in the notebook. */
static void
print_removed(const struct notebook_seen_job *job, struct buf *out)
{
	buf_printf(out, "{\"id\":%llu,\"status\":\"removed\",\"total_items\":%llu,\"name\":\"%s\"}",
		   (unsigned long long)job->id, (unsigned long long)job->items, job->batch);
}

static void
print_job(struct api *api, const struct notebook_seen_job *job, struct buf *out)
{
	/* Not kept: a list is of many, and who asks for one status after the other has theirs kept. */
	struct batch *b = batch_open(&api->root, job->batch, BATCH_READ, NULL);
	struct json_object *about = NULL;
	struct buf text = {0};
	struct progress p;

	if (b && batch_about(b, &text) == 0)
		about = rec_parse(text.data, text.len, NULL, 0);
	if (b && progress_read(&api->root, b, &p) == 0 && rec_number(about, "job_id", -1) == (long long)job->id)
		progress_print_job(b, about, &p, out);
	else
		print_removed(job, out);
	json_object_put(about);
	buf_free(&text);
	if (b)
		batch_close(b);
}

void
jobs_list(struct api *api, const struct request *q, struct reply *r)
{
	struct notebook *nb;
	struct notebook_seen_job job;
	uint64_t limit, offset;

	if (!query_page(q, LOOK_USUAL, &limit, &offset, r) || !(nb = look_notebook(api, q->words[1], r)))
		return;
	buf_printf(&r->body, "{\"count\":%zu,\"results\":[", notebook_jobs(nb));
	for (uint64_t i = 0; i < limit && offset < notebook_jobs(nb) && notebook_job(nb, offset + i, &job); i++) {
		buf_str(&r->body, i ? "," : "");
		print_job(api, &job, &r->body);
	}
	buf_str(&r->body, "]}\n");
	reply_tag(r, q->scgi);
}
