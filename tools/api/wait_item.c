/* The only item of a job, which the client waits for. */
#include <string.h>
#include <sys/inotify.h>

#include "base/clock.h"
#include "batch/queue.h"
#include "notebook/notebook.h"
#include "records/rec.h"
#include "wait_item.h"

enum { LOOK_MS = 1000 }; /* in case inotify misses an event */

void
wait_item_begin(struct submission *h, int ino)
{
	struct buf path = {0};

	h->since = clock_ms();
	h->watch = -1;
	h->watched = batch_open(&h->api->root, h->batch, BATCH_READ, NULL);
	buf_printf(&path, "%s/batches/%s", h->api->root.path, h->batch);
	if (ino >= 0)
		h->watch = inotify_add_watch(ino, path.data, IN_MODIFY | IN_ONLYDIR | IN_DONT_FOLLOW);
	buf_free(&path);
}

void
wait_item_end(struct submission *h, int ino)
{
	if (h->watch >= 0)
		inotify_rm_watch(ino, h->watch);
	h->watch = -1;
}

static void
reply_completed(struct submission *h, struct json_object *result)
{
	const char *file = rec_string(result, "file_id");
	long long knowledge = rec_number(result, "knowledge_item_id", 0);
	struct buf *out = &h->reply.body;

	/* The item must be in the notebook before the answer names it. */
	notebook_import_results(&h->api->root, h->watched);
	h->reply.status = 201;
	buf_str(out, "{\"success\":true,\"file_id\":");
	if (file)
		buf_json(out, file);
	else
		buf_str(out, "null");
	if (knowledge)
		buf_printf(out, ",\"knowledge_item_id\":%lld", knowledge);
	else
		buf_str(out, ",\"knowledge_item_id\":null");
	buf_printf(out, ",\"is_batch\":false,\"total_items\":1,\"batch_job_id\":%llu,\"upload_id\":\"%s\"}\n",
		   (unsigned long long)h->id, h->items[0].upload_id);
}

static void
reply_failed(struct submission *h, struct json_object *result)
{
	struct json_object *error = json_object_object_get(result, "error");
	const char *code = rec_string(error, "code"), *message = rec_string(error, "message");

	/* bi chooses its own codes, but a filter may choose any. */
	if (!code || code[strspn(code, "abcdefghijklmnopqrstuvwxyz0123456789_")] || !*code)
		code = "failed";
	reply_error(&h->reply, 422, code, "%s", message ? message : "the item has failed");
	reply_add(&h->reply, ",\"batch_job_id\":%llu", (unsigned long long)h->id);
}

static void
reply_unread(struct submission *h)
{
	reply_error(&h->reply, 500, "cannot_read", "the job was submitted, but its batch %s cannot be read", h->batch);
	reply_add(&h->reply, ",\"batch_job_id\":%llu", (unsigned long long)h->id);
}

static void
reply_removed(struct submission *h)
{
	reply_error(&h->reply, 422, "removed", "the item was removed before it was done");
	reply_add(&h->reply, ",\"batch_job_id\":%llu", (unsigned long long)h->id);
}

/* Answers with the result of the item. */
static void
reply_result(struct submission *h)
{
	struct json_object *result = batch_result_object(h->watched, 1);
	const char *status = rec_string(result, "status");

	if (status && strcmp(status, "completed") == 0)
		reply_completed(h, result);
	else if (status && strcmp(status, "removed") == 0)
		reply_removed(h);
	else if (status)
		reply_failed(h, result);
	else
		reply_unread(h);
	json_object_put(result);
}

static void
reply_late(struct submission *h, bool has_worker)
{
	if (has_worker)
		reply_error(&h->reply, 504, "too_late",
			    "the item is not done yet, and the work continues: request the status of job %llu",
			    (unsigned long long)h->id);
	else
		reply_error(&h->reply, 504, "no_worker",
			    "the item is in the queue as job %llu, but no worker runs: start one with `bi-fetch "
			    "--work`, or run bi-serve without --no-worker",
			    (unsigned long long)h->id);
	reply_add(&h->reply, ",\"batch_job_id\":%llu", (unsigned long long)h->id);
}

/* How long the client waits if no worker runs. */
static int64_t
workless_ms(const struct submission *h)
{
	return h->api->bounds.sync_ms < SUBMISSION_NO_WORKER_MS ? h->api->bounds.sync_ms : SUBMISSION_NO_WORKER_MS;
}

bool
wait_item_has_ended(const struct submission *h)
{
	int state = h->watched ? batch_state(h->watched, 1) : -1;

	return state < 0 || state == 'c' || state == 'f' || state == 'x';
}

bool
wait_item_look(struct submission *h)
{
	int64_t waited = clock_ms() - h->since;

	if (!h->watched) {
		reply_unread(h);
	} else if (wait_item_has_ended(h)) {
		reply_result(h);
	} else if (waited >= workless_ms(h)) {
		bool works = queue_has_worker(&h->api->root) != 0; /* if the search fails, there may be a worker */

		if (works && waited < h->api->bounds.sync_ms)
			return false;
		reply_late(h, works);
	} else {
		return false;
	}
	return true;
}

int64_t
wait_item_until(const struct submission *h)
{
	int64_t end = h->since + h->api->bounds.sync_ms, workless = h->since + workless_ms(h);
	int64_t next = clock_ms() + LOOK_MS;

	next = end < next ? end : next;
	return workless > clock_ms() && workless < next ? workless : next;
}
