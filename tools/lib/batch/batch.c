#include "batch/batch.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/lock.h"
#include "base/when.h"
#include "batch/batch_internal.h"
#include "batch/contents.h"
#include "batch/secrets.h"
#include "files/append.h"
#include "files/atomic_file.h"
#include "files/file.h"
#include "records/rec.h"

enum { TRIES = 100 };

/* Whether the batch is made if it is missing. */
static bool
makes_missing(const struct batch *b)
{
	return b->mode == BATCH_WORK || b->mode == BATCH_ADD;
}

/* Opens the files; for a reader, the descriptors of missing files stay -1. */
static int
open_files(struct batch *b)
{
	const struct {
		int *fd;
		const char *name;
	} files[] = {
		{&b->lock, "lock"},
		{&b->items, "items.ndjson"},
		{&b->state, "state"},
		{&b->results, "results.ndjson"},
		{&b->items_index, "items.index"},
		{&b->results_index, "results.index"},
	};

	b->files = root_open_dir(b->dir, "files", makes_missing(b));
	b->files_error = b->files < 0 ? errno : 0;
	if (b->files < 0 && makes_missing(b))
		return -1;
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		/* O_NONBLOCK, because opening a FIFO would wait. */
		int flags = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | (b->mode == BATCH_READ ? O_RDONLY : O_RDWR);

		*files[i].fd = openat(b->dir, files[i].name, flags | (b->mode != BATCH_READ ? O_CREAT : 0), 0666);
		if (*files[i].fd < 0 && (b->mode != BATCH_READ || errno != ENOENT))
			return -1;
	}
	return 0;
}

static int
write_about(const struct root *root, const struct batch *b, const struct batch_metadata *about)
{
	static const struct batch_metadata unknown;
	struct json_object *o = json_object_new_object();
	unsigned long long job;
	char created[WHEN_SIZE];
	struct buf text = {0};
	int temp, rc = -1;

	if (!about)
		about = &unknown;
	job = about->job_id ? about->job_id : root_next_number(root, "jobs");
	rec_add_string(o, "name", b->name);
	json_object_object_add(o, "job_id", json_object_new_uint64(job));
	rec_add_string(o, "job_type", about->job_type ? about->job_type : "url_parse");
	rec_add_string(o, "category", about->category);
	rec_add_string(o, "label", about->label);
	rec_add_string(o, "notebook", about->notebook);
	if (about->public_only)
		json_object_object_add(o, "public_only", json_object_new_boolean(true));
	if (about->items)
		json_object_object_add(o, "items", json_object_new_uint64(about->items));
	rec_add_string(o, "created_at", when_now(created));
	buf_printf(&text, "%s\n", rec_print(o));
	temp = job ? root_open_dir(root->fd, "temp", true) : -1;
	if (temp >= 0) {
		rc = atomic_file_replace(temp, b->dir, "batch.json", text.data, text.len, true);
		close(temp);
	}
	buf_free(&text);
	json_object_put(o);
	return rc;
}

/* Writes batch.json unless another process did; one process at a time checks and writes. */
static int
make_about(const struct root *root, const struct batch *b, const struct batch_metadata *about)
{
	int rc = file_stat(b->dir, "batch.json", NULL);

	if (rc != 0)
		return rc < 0 ? -1 : 0;
	if (lock_bytes_wait(b->lock, LOCK_ALONE, LOCK_MAKING, 1) < 0)
		return -1;
	rc = file_stat(b->dir, "batch.json", NULL);
	rc = rc == 0 ? write_about(root, b, about) : rc < 0 ? -1 : 0;
	lock_bytes_drop(b->lock, LOCK_MAKING, 1);
	return rc;
}

static int
take_lock(const struct batch *b)
{
	int rc;

	if (b->mode == BATCH_READ)
		return 0;
	if (b->mode != BATCH_ALONE)
		return lock_bytes_wait(b->lock, LOCK_SHARED, LOCK_WORKING, 1);
	rc = lock_bytes_try(b->lock, LOCK_ALONE, LOCK_WORKING, 1);
	if (rc > 0)
		errno = EBUSY;
	return rc ? -1 : 0;
}

static void
close_files(struct batch *b)
{
	int *const fds[] = {&b->items, &b->state, &b->results, &b->items_index, &b->results_index,
			    &b->temp,  &b->files, &b->dir,     &b->lock};

	/* The lock is released last: a process that sees it free finds everything else released. */
	for (size_t i = 0; i < sizeof(fds) / sizeof(*fds); i++) {
		file_close(*fds[i], 0);
		*fds[i] = -1;
	}
}

/* Opens and locks the directory that has the name now. Before it was locked, the batch may have been retired and the
 * name given to another batch. 0, 1 to try again, or -1. */
static int
open_now(struct batch *b, int batches)
{
	bool make = makes_missing(b);
	int rc, is;

	b->dir = root_open_dir(batches, b->name, make);
	if (b->dir < 0)
		return make && errno == ENOENT ? 1 : -1;
	if (batch_check_format(b->dir) < 0)
		return -1;
	rc = open_files(b) < 0 ? -1 : take_lock(b);
	if (rc < 0 && errno != ENOENT)
		return -1;
	is = file_is_named(batches, b->name, b->dir);
	if (is == 0)
		return 1;
	return is < 0 ? -1 : rc;
}

static int
open_locked(struct batch *b, const struct root *root)
{
	int batches = root_open_dir(root->fd, "batches", makes_missing(b)), rc = 1;

	if (batches < 0)
		return -1;
	for (int i = 0; i < TRIES && rc == 1; i++) {
		close_files(b);
		rc = open_now(b, batches);
	}
	if (rc == 1)
		errno = EBUSY;
	return file_close(batches, rc ? -1 : 0);
}

static int
open_batch(struct batch *b, const struct root *root, const struct batch_metadata *about)
{
	bool make = makes_missing(b);

	if (open_locked(b, root) < 0)
		return -1;
	if (b->mode != BATCH_READ)
		b->secrets = secrets_open(b->dir);
	if (make && make_about(root, b, about) < 0)
		return -1;
	if ((make || b->mode == BATCH_JOIN) && (b->temp = root_open_dir(root->fd, "temp", true)) < 0)
		return -1;
	keys_init(&b->keys, b->dir, b->temp);
	b->behind = b->mode == BATCH_ADD;
	return b->mode == BATCH_READ || b->behind ? 0 : batch_recover_all(b);
}

struct batch *
batch_open(const struct root *root, const char *name, enum batch_mode mode, const struct batch_metadata *about)
{
	struct batch *b = buf_alloc(sizeof(*b));
	struct buf path = {0};

	memcpy(b->name, name, strnlen(name, BATCH_NAME_MAX));
	b->mode = mode;
	pthread_mutex_init(&b->recording, NULL);
	b->unindexed = unindexed_new();
	keys_init(&b->keys, -1, -1);
	b->dir = b->files = b->lock = b->items = b->state = b->results = b->items_index = b->results_index = b->temp =
		-1;
	buf_printf(&path, "%s/batches/%s", root->path, b->name);
	b->path = path.data;
	if (open_batch(b, root, about) == 0)
		return b;
	batch_close(b);
	return NULL;
}

void
batch_close(struct batch *b)
{
	int error = errno;

	if (!b)
		return;
	batch_end_adding(b);
	if (b->secrets && (b->mode == BATCH_WORK || b->mode == BATCH_JOIN))
		batch_sweep_userinfo(b);
	secrets_close(b->secrets);
	close_files(b);
	pthread_mutex_destroy(&b->recording);
	contents_close(b->contents);
	unindexed_free(b->unindexed);
	free(b->ahead);
	keys_clear(&b->keys);
	free(b->path);
	free(b);
	errno = error;
}

const char *
batch_name(const struct batch *b)
{
	return b->name;
}

int
batch_dirfd(const struct batch *b)
{
	return b->dir;
}

int
batch_filesfd(const struct batch *b)
{
	if (b->files < 0)
		errno = b->files_error;
	return b->files;
}

int
batch_sync(struct batch *b)
{
	int batches = openat(b->dir, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc = batches < 0 || fdatasync(b->items) < 0 || fsync(b->dir) < 0 || fsync(batches) < 0 ? -1 : 0;

	return file_close(batches, rc);
}

bool
batch_is_whole(const struct batch *b)
{
	const int fds[] = {b->files, b->lock, b->items, b->state, b->results, b->items_index, b->results_index};

	for (size_t i = 0; i < sizeof(fds) / sizeof(*fds); i++)
		if (fds[i] < 0)
			return false;
	return true;
}

int
batch_metadata(const struct batch *b, struct buf *out)
{
	int fd = openat(b->dir, "batch.json", O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	int rc;

	if (fd < 0)
		return -1;
	rc = append_line(fd, 0, out);
	close(fd);
	return rc;
}

static bool
may_be_batch(const struct dirent *e)
{
	return !root_name_check(e->d_name) && (e->d_type == DT_DIR || e->d_type == DT_UNKNOWN);
}

int
batch_each(const struct root *root, bool (*see)(const char *name, void *arg), void *arg)
{
	int fd = root_open_dir(root->fd, "batches", false), rc;
	struct file_names names;

	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	rc = file_list(fd, may_be_batch, &names);
	for (size_t i = 0; rc == 0 && i < names.n && see(names.v[i], arg); i++)
		;
	file_names_free(&names);
	return rc;
}

int
batch_cancel(struct batch *b)
{
	return lock_bytes_try(b->lock, LOCK_ALONE, LOCK_CANCEL, 1);
}

int
batch_is_cancelled(const struct batch *b)
{
	return b->lock >= 0 ? lock_bytes_held(b->lock, LOCK_CANCEL, 1, NULL) : 0;
}
