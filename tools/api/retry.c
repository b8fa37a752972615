/* POST of retry makes failed items of a batch pending, and then puts the batch in the queue, in this order: a worker
 * removes the entry of a batch in which nothing is pending. If the process is killed in between, the items are pending,
 * and the next request, or bi-fetch --resume, goes on. */
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "batch/batch.h"
#include "batch/queue.h"
#include "handlers.h"
#include "reply.h"
#include "resolve.h"

/* Of one request: what it has to write takes less than a second, and the same process answers reviewers. */
enum { RETRY_MAX = 10000 };

struct failed_items {
	uint32_t *v;
	size_t n;
	bool more; /* there are others beyond RETRY_MAX */
};

/* Takes the numbers that the request lists. False after making R the error. */
static bool
take_numbers(struct json_object *list, int64_t length, struct failed_items *out, struct reply *r)
{
	size_t n = json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;

	if (n == 0 || n > RETRY_MAX)
		return reply_error(r, 422, "bad_items", "items must be an array of 1 to %d numbers of items",
				   RETRY_MAX);
	for (size_t i = 0; i < n; i++) {
		struct json_object *k = json_object_array_get_idx(list, i);
		int64_t number = json_object_is_type(k, json_type_int) ? json_object_get_int64(k) : 0;

		if (number < 1 || number > length)
			return reply_error(
				r, 422, "bad_items",
				"items must be numbers of items of the batch, from 1 to %lld; nothing was changed",
				(long long)length);
		out->v[out->n++] = (uint32_t)number;
	}
	return true;
}

/* Finds failed items from number FROM on. 0, or -1 with errno. */
static int
find_failed(const struct batch *b, uint32_t from, struct failed_items *out)
{
	int64_t k = (int64_t)from - 1;

	while ((k = batch_find_state(b, (uint32_t)k + 1, 'f')) > 0 && out->n < RETRY_MAX)
		out->v[out->n++] = (uint32_t)k;
	out->more = k > 0;
	return k < 0 ? -1 : 0;
}

/* The number of the first item to look at, if the request says it. 0 after making R the error. */
static uint32_t
first_item(struct json_object *o, struct reply *r)
{
	struct json_object *from;
	int64_t k = 1;

	if (json_object_object_get_ex(o, "from", &from))
		k = json_object_is_type(from, json_type_int) ? json_object_get_int64(from) : 0;
	if (k < 1 || k >= UINT32_MAX)
		reply_error(r, 422, "bad_items", "from must be the number of an item; nothing was changed");
	return k < 1 || k >= UINT32_MAX ? 0 : (uint32_t)k;
}

/* Makes R what errno means. */
static void
reply_trouble(const char *name, struct reply *r)
{
	if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP)
		reply_error(r, 404, "no_such_batch", "there is no such batch; GET status/ lists the batches");
	else if (errno == EINTR || errno == EBUSY)
		reply_error(r, 503, "busy", "another process holds the batch %s; try again", name);
	else if (errno == ENOSPC || errno == EDQUOT)
		reply_error(r, 507, "disk_full", "the disk is full");
	else
		reply_error(r, 500, "cannot_write", "the batch %s cannot be changed: %s", name, trouble_reason(errno));
}

/* Makes the items pending, queues the batch if anything in it is, and makes R the answer. */
static void
retry_items(const struct root *root, struct batch *b, const struct failed_items *all, struct reply *r)
{
	struct batch_counts c = {0};
	int64_t n = batch_retry_failed(b, all->v, all->n);
	int worker = -1;

	if (n >= 0 && batch_count(b, &c) == 0)
		worker = queue_has_worker(root);
	if (n < 0 || worker < 0 || (c.pending > 0 && queue_add(root, batch_name(b)) < 0)) {
		reply_trouble(batch_name(b), r);
		return;
	}
	r->status = 202;
	buf_printf(&r->body, "{\"success\":true,\"batch\":\"%s\",\"retried\":%lld,\"left\":%llu,\"worker\":%s",
		   batch_name(b), (long long)n, (unsigned long long)c.failed, worker ? "true" : "false");
	if (all->more)
		buf_printf(&r->body, ",\"next\":%lu", (unsigned long)all->v[all->n - 1] + 1);
	buf_str(&r->body, "}\n");
}

/* Retries what the request O names in the batch. */
static void
retry_in(const struct root *root, struct batch *b, struct json_object *o, struct reply *r)
{
	struct failed_items all = {.v = buf_alloc(RETRY_MAX * sizeof(*all.v))};
	int64_t length = batch_length(b);
	struct json_object *list;
	uint32_t from;

	if (length < 0)
		reply_trouble(batch_name(b), r);
	else if (json_object_object_get_ex(o, "items", &list)) {
		if (take_numbers(list, length, &all, r))
			retry_items(root, b, &all, r);
	} else if ((from = first_item(o, r)) > 0) {
		if (find_failed(b, from, &all) < 0)
			reply_trouble(batch_name(b), r);
		else
			retry_items(root, b, &all, r);
	}
	free(all.v);
}

static void
retry(struct api *api, const char *name, const struct scgi *s, struct reply *r)
{
	struct json_object *o = s->body_len > 0 ? reply_take_json(s, r) : json_object_new_object();
	struct batch *b = NULL;

	if (!o)
		return;
	errno = ENOENT;
	if (!json_object_is_type(o, json_type_object))
		reply_error(r, 422, "bad_items", "the request must be an object");
	else if (root_name_check(name) || !(b = batch_open(&api->root, name, BATCH_JOIN, NULL)))
		reply_trouble(name, r);
	else
		retry_in(&api->root, b, o, r);
	batch_close(b);
	json_object_put(o);
}

void
retry_post(struct api *api, const struct request *q, struct reply *r)
{
	retry(api, q->words[1], q->scgi, r);
}

void
job_retry_post(struct api *api, const struct request *q, struct reply *r)
{
	struct resolved_job job;
	char name[BATCH_NAME_MAX + 1];

	if (!resolve_job(api, q->words[1], q->words[3], &job, r))
		return;
	snprintf(name, sizeof(name), "%s", job.batch->name);
	retry(api, name, q->scgi, r);
}
