#include <errno.h>
#include <json-c/json.h>
#include <string.h>

#include "batch/job_status.h"
#include "files/file.h"
#include "handlers.h"
#include "jobs.h"
#include "query.h"
#include "records/rec.h"
#include "resolve.h"

static void
to_buf(const char *bytes, size_t n, void *arg)
{
	buf_add(arg, bytes, n);
}

const char *
jobs_print_status(struct api *api, const char *notebook, const char *id, uint64_t limit, uint64_t offset,
		  struct buf *out, bool *done, struct reply *r)
{
	struct resolved_job job;
	struct job_status p;

	if (!resolve_job(api, notebook, id, &job, r))
		return NULL;
	if (job_status_read(&api->root, job.batch->batch, &p) < 0) {
		reply_error(r, 500, "cannot_read", "the batch %s cannot be read: %s", job.batch->name,
			    trouble_reason(errno));
		return NULL;
	}
	if (job_status_print_known(job.batch->batch, job.batch->about, &p, offset, limit, to_buf, out) < 0) {
		reply_error(r, 500, "cannot_read", "items of the batch %s cannot be read: %s", job.batch->name,
			    trouble_reason(errno));
		return NULL;
	}
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

	if (!query_page(q, JOB_STATUS_ITEMS, &limit, &offset, r) ||
	    !jobs_print_status(api, notebook, id, limit, offset, &r->body, &done, r))
		return;
	buf_str(&r->body, "\n");
	reply_tag(r, q->scgi);
}

/* A batch that is missing or unreadable: only the job's line in the notebook is known. */
static void
print_unseen(const struct notebook_seen_job *job, const char *status, struct buf *out)
{
	buf_printf(out, "{\"id\":%llu,\"status\":\"%s\",\"total_items\":%llu,\"name\":\"%s\"}",
		   (unsigned long long)job->id, status, (unsigned long long)job->items, job->batch);
}

static void
print_job(struct api *api, const struct notebook_seen_job *job, struct buf *out)
{
	/* Not cached: a list has many jobs, and the cache serves clients that request one status repeatedly. */
	struct batch *b = batch_open(&api->root, job->batch, BATCH_READ, NULL);
	struct json_object *about = b ? batch_metadata_object(b) : NULL;
	struct job_status p;

	if (!about)
		print_unseen(job, errno == ENOENT ? "removed" : "unreadable", out);
	else if (rec_number(about, "job_id", -1) != (long long)job->id)
		print_unseen(job, "removed", out);
	else if (job_status_read(&api->root, b, &p) < 0)
		print_unseen(job, "unreadable", out);
	else
		job_status_print_job(b, about, &p, out);
	json_object_put(about);
	batch_close(b);
}

void
jobs_list(struct api *api, const struct request *q, struct reply *r)
{
	struct notebook *nb;
	struct notebook_seen_job job;
	uint64_t limit, offset;
	struct buf entries = {0};
	size_t count;

	if (!query_page(q, QUERY_LIMIT, &limit, &offset, r) || !resolve_listed(api, q->words[1], &nb, r))
		return;
	count = nb ? notebook_jobs(nb) : 0;
	for (uint64_t i = 0; i < limit && offset < count && notebook_job(nb, offset + i, &job); i++) {
		buf_str(&entries, i ? "," : "");
		print_job(api, &job, &entries);
	}
	reply_list(r, q->scgi, count, &entries, "[", "]");
	buf_free(&entries);
}

/* Other files than notebooks have no such name. */
static bool
is_notebook(const struct dirent *entry)
{
	return root_name_check(entry->d_name) == NULL;
}

void
notebooks_list(struct api *api, const struct request *q, struct reply *r)
{
	int dir = root_open_dir(api->root.fd, "notebooks", false);
	bool is_missing = dir < 0 && errno == ENOENT;
	struct file_names names = {0};
	struct buf entries = {0};
	uint64_t limit, offset;

	if (file_list(dir, is_notebook, &names) < 0 && !is_missing) {
		reply_error(r, 500, "cannot_read", "the notebooks cannot be listed: %s", trouble_reason(errno));
	} else if (query_page(q, QUERY_LIMIT_MAX, &limit, &offset, r)) {
		for (uint64_t i = 0; i < limit && offset < names.n - i; i++)
			buf_printf(&entries, "%s\"%s\"", i ? "," : "", names.v[offset + i]);
		reply_list(r, q->scgi, names.n, &entries, "[", "]");
	}
	buf_free(&entries);
	file_names_free(&names);
}
