/* Makes the batch of a job. The entry in the queue comes first and is held until everything is on the disk. If this
 * process is killed before that, it leaves an entry that nobody holds and an incomplete batch, and a worker removes
 * both. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/when.h"
#include "batch/batch_priority.h"
#include "batch/job_status.h"
#include "batch/queue.h"
#include "batch/upload_digests.h"
#include "create_job.h"
#include "files/file.h"
#include "files/trash.h"
#include "notebook/notebook.h"

enum { TRIES = 1000, BLOCK = 256, SYNC_ALL = 16 };

static const char unmade[] = "the job cannot be made";

/* Whether a batch of that name already exists, made by hand or copied with the root. 1, 0, or -1 with errno. */
static int
is_taken(const struct root *root, const char *name)
{
	int batches = root_open_dir(root->fd, "batches", false);

	if (batches < 0)
		return errno == ENOENT ? 0 : -1;
	return file_close(batches, file_stat(batches, name, NULL));
}

/* Takes the next job id, and makes and holds its entry in the queue. Returns the entry's descriptor, or -1 with errno.
 */
static int
make_entry(struct submission *h)
{
	const struct root *root = &h->api->root;

	for (int i = 0; i < TRIES; i++) {
		int fd, taken;

		h->id = root_next_number(root, "jobs");
		if (!h->id)
			return -1;
		snprintf(h->batch, sizeof(h->batch), "job-%llu", (unsigned long long)h->id);
		fd = queue_make(root, h->batch);
		if (fd < 0 && errno != EEXIST)
			return -1;
		taken = fd < 0 ? 1 : is_taken(root, h->batch);
		if (taken == 0)
			return fd;
		if (fd >= 0) {
			int error = errno;

			queue_drop(root, h->batch);
			errno = error;
			file_close(fd, 0);
		}
		if (taken < 0)
			return -1;
	}
	return file_fail(EEXIST);
}

/* --- files --- */

/* Syncs all files together, since each separate sync would wait for the journal. */
static int
sync_files(const struct submission *h)
{
	if (h->n > SYNC_ALL)
		return syncfs(h->temp);
	for (size_t i = 0; i < h->n; i++)
		if (fdatasync(h->items[i].part.fd) < 0)
			return -1;
	return 0;
}

/* Names the files uploads/1 and so on, in the batch's directory, and notes their digests. */
static int
publish_uploads(struct submission *h, const struct batch *b)
{
	int dir = root_open_dir(batch_dirfd(b), "uploads", true), rc = dir < 0 ? -1 : 0;
	struct buf digests = {0};
	struct stat st;
	char name[24];

	for (size_t i = 0; rc == 0 && i < h->n; i++) {
		snprintf(name, sizeof(name), "%zu", i + 1);
		rc = atomic_file_publish(&h->items[i].part, dir, name);
		if (rc == 0 && file_stat(dir, name, &st) != 1)
			rc = -1;
		if (rc == 0)
			upload_digest_add(&digests, &st, h->items[i].sha256);
	}
	if (rc == 0) {
		upload_digests_write(dir, &digests);
		rc = fsync(dir);
	}
	buf_free(&digests);
	return file_close(dir, rc);
}

/* --- items --- */

/* How an item is requested. */
static void
print_item(const struct submission *h, size_t i, struct buf *out)
{
	const struct submission_item *item = &h->items[i];

	buf_printf(out, "{\"%s\":", h->type->key);
	if (item->has_part) {
		buf_printf(out, "%zu,\"filename\":", i + 1);
		buf_json(out, item->where);
		buf_printf(out, ",\"size\":%llu", (unsigned long long)item->size);
	} else {
		buf_json(out, item->where);
		buf_str(out, item->userinfo ? ",\"userinfo\":true" : "");
	}
	buf_printf(out, ",\"upload_id\":\"%s\"}", item->upload_id);
}

/* The ask of an item. Each item has its own named subject, so that a URL that is submitted twice is two items. */
struct asked {
	struct buf text;
	char subject[16], where[24];
};

static int
add_block(const struct submission *h, struct batch *b, size_t from, size_t n)
{
	struct batch_ask asks[BLOCK] = {0};
	struct asked own[BLOCK] = {0};
	int rc;

	for (size_t i = 0; i < n; i++) {
		const struct submission_item *item = &h->items[from + i];

		print_item(h, from + i, &own[i].text);
		snprintf(own[i].subject, sizeof(own[i].subject), "i%u", (unsigned)(from + i + 1));
		snprintf(own[i].where, sizeof(own[i].where), "%zu", from + i + 1);
		asks[i] = (struct batch_ask){.subject = own[i].subject,
					     .kind = h->type->key,
					     .where = item->has_part ? own[i].where : item->where,
					     .userinfo = item->userinfo,
					     .text = own[i].text.data};
	}
	rc = batch_add(b, asks, n);
	for (size_t i = 0; i < n; i++)
		buf_free(&own[i].text);
	return rc;
}

/* Records that item I has failed, so that no worker tries it. */
static int
fail_item(const struct submission *h, struct batch *b, size_t i)
{
	const struct submission_item *item = &h->items[i];
	struct batch_outcome o = {.item = (uint32_t)(i + 1)};
	struct buf line = {0}, asked = {0};
	char at[WHEN_SIZE];
	int rc;

	print_item(h, i, &asked);
	buf_printf(&line, "{\"item\":%u,\"status\":\"failed\",\"error\":{\"code\":\"%s\",\"message\":", o.item,
		   item->code);
	buf_json(&line, item->wrong);
	buf_printf(&line, ",\"retryable\":false},\"attempts\":0,\"finished_at\":\"%s\",%s", when_now(at),
		   asked.data + 1);
	o.line = line.data;
	o.len = line.len;
	rc = batch_claim(b, o.item, NULL) == CLAIM_OURS ? batch_record(b, &o, 1, false) : -1;
	buf_free(&line);
	buf_free(&asked);
	return rc;
}

static int
add_items(const struct submission *h, struct batch *b)
{
	for (size_t at = 0; at < h->n; at += BLOCK)
		if (add_block(h, b, at, h->n - at < BLOCK ? h->n - at : BLOCK) < 0)
			return -1;
	for (size_t i = 0; i < h->n; i++)
		if (h->items[i].code && fail_item(h, b, i) < 0)
			return -1;
	return batch_sync(b);
}

/* --- all --- */

/* Items without an id from the client get one from their numbers. */
static void
name_items(struct submission *h)
{
	for (size_t i = 0; i < h->n; i++) {
		char id[33];

		if (h->items[i].upload_id)
			continue;
		job_upload_id(h->id, (uint32_t)(i + 1), id);
		h->items[i].upload_id = buf_strdup(id);
	}
}

/* 0, or -1 with errno. */
static int
write_priority(const struct submission *h, const struct batch *b)
{
	if (h->priority == PRIORITY_NORMAL)
		return 0;
	return batch_priority_write(&h->api->root, batch_dirfd(b), h->priority, true);
}

static int
make_batch(struct submission *h)
{
	const struct batch_metadata about = {.job_type = h->type->job_type,
					     .notebook = h->notebook,
					     .job_id = h->id,
					     .items = h->n,
					     .public_only = true};
	struct batch *b;
	int rc;

	name_items(h);
	b = batch_open(&h->api->root, h->batch, BATCH_WORK, &about);
	rc = b && write_priority(h, b) == 0 && (h->temp < 0 || publish_uploads(h, b) == 0) && add_items(h, b) == 0 ? 0
														   : -1;
	batch_close(b);
	return rc;
}

static int
note_job(const struct submission *h)
{
	const char **ids = buf_alloc(h->n * sizeof(*ids));
	const struct notebook_job job = {h->id, h->batch, h->type->job_type, h->n, h->named ? ids : NULL};
	int rc;

	for (size_t i = 0; i < h->n; i++)
		ids[i] = h->items[i].upload_id;
	rc = notebook_add_job(&h->api->root, h->notebook, &job);
	free(ids);
	return rc;
}

bool
create_job(struct submission *h)
{
	int entry, error;

	if (h->temp >= 0 && sync_files(h) < 0)
		return submission_error(h, errno, "the upload cannot be stored");
	entry = make_entry(h);
	if (entry >= 0 && make_batch(h) == 0 && note_job(h) == 0) {
		queue_hand_in(entry);
		return true;
	}
	error = errno;
	if (entry >= 0) {
		trash_batch(&h->api->root, h->batch);
		queue_drop(&h->api->root, h->batch);
		close(entry);
	}
	return submission_error(h, error, unmade);
}
