#include "notebook/notebook.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/lock.h"
#include "base/when.h"
#include "files/append.h"
#include "files/file.h"
#include "notebook/notebook_internal.h"

enum { NAME_DIGITS = NOTEBOOK_NAME_DIGITS, BYTES_DIGITS = 2 * NOTEBOOK_DIGEST };
_Static_assert(2 + NAME_DIGITS + BYTES_DIGITS == NOTEBOOK_FILE_ID, "a file id is f_ and these");

/* --- names --- */

void
notebook_name_digits(const char *nb, char out[NAME_DIGITS + 1])
{
	unsigned char digest[HASH_BYTES];

	hash_bytes(nb, strlen(nb), digest);
	hash_hex(digest, NAME_DIGITS / 2, out);
}

void
notebook_file_id(const char *nb, const char *sha256, char out[NOTEBOOK_FILE_ID + 1])
{
	unsigned char digest[HASH_BYTES];
	struct buf both = {0};

	buf_add(&both, nb, strlen(nb) + 1);
	buf_str(&both, sha256);
	hash_bytes(both.data, both.len, digest);
	out[0] = 'f';
	out[1] = '_';
	notebook_name_digits(nb, out + 2);
	hash_hex(digest, BYTES_DIGITS / 2, out + 2 + NAME_DIGITS);
	buf_free(&both);
}

bool
notebook_is_file_id(const char *id)
{
	return strlen(id) == NOTEBOOK_FILE_ID && id[0] == 'f' && id[1] == '_' &&
	       strspn(id + 2, "0123456789abcdef") == NAME_DIGITS + BYTES_DIGITS;
}

bool
notebook_has_file_id(const char *nb, const char *id)
{
	char digits[NAME_DIGITS + 1];

	if (!notebook_is_file_id(id))
		return false;
	notebook_name_digits(nb, digits);
	return memcmp(id + 2, digits, NAME_DIGITS) == 0;
}

const char *
notebook_upload_id_check(const char *id)
{
	static const char good[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";

	if (!*id)
		return "is empty";
	if (strlen(id) > NOTEBOOK_UPLOAD_ID_MAX)
		return "is longer than 128 bytes";
	if (id[strspn(id, good)])
		return "may have only ASCII letters, digits and . _ -";
	return NULL;
}

/* --- all notebooks --- */

struct notebooks {
	const struct root *root;
	struct one {
		char digits[NAME_DIGITS + 1];
		char *name;
	} * all;
	size_t n;
};

struct notebooks *
notebooks_open(const struct root *root)
{
	struct notebooks *all = buf_alloc(sizeof(*all));

	all->root = root;
	return all;
}

static void
forget_names(struct notebooks *all)
{
	for (size_t i = 0; i < all->n; i++)
		free(all->all[i].name);
	free(all->all);
	all->all = NULL;
	all->n = 0;
}

void
notebooks_close(struct notebooks *all)
{
	forget_names(all);
	free(all);
}

static int
add_name(int dir, const struct dirent *e, void *arg)
{
	struct notebooks *all = arg;

	(void)dir;
	if (root_name_check(e->d_name))
		return 0;
	all->all = buf_realloc(all->all, (all->n + 1) * sizeof(*all->all));
	notebook_name_digits(e->d_name, all->all[all->n].digits);
	all->all[all->n++].name = buf_strdup(e->d_name);
	return 0;
}

static int
list_names(struct notebooks *all)
{
	int fd = root_open_dir(all->root->fd, "notebooks", false);

	forget_names(all);
	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	return file_each(fd, add_name, all);
}

static const char *
next_name(const struct notebooks *all, const char *id, size_t *cursor)
{
	while (*cursor < all->n) {
		const struct one *o = &all->all[(*cursor)++];

		if (memcmp(o->digits, id + 2, NAME_DIGITS) == 0)
			return o->name;
	}
	return NULL;
}

const char *
notebook_of_file_id(struct notebooks *all, const char *id, size_t *cursor)
{
	bool first = *cursor == 0;
	const char *name;

	errno = ENOENT;
	if (!notebook_is_file_id(id))
		return NULL;
	name = next_name(all, id, cursor);
	if (name || !first)
		return name;
	if (list_names(all) < 0)
		return NULL;
	*cursor = 0;
	errno = ENOENT;
	return next_name(all, id, cursor);
}

/* --- the log --- */

static int
open_log_in(const struct root *root, int all, const char *name, bool create)
{
	enum { FLAGS = O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK };
	int dir = root_open_dir(all, name, create);
	int fd = dir < 0 ? -1 : openat(dir, "log.ndjson", FLAGS);

	if (dir >= 0 && fd < 0 && errno == ENOENT && create) {
		fd = openat(dir, "log.ndjson", FLAGS | O_CREAT, 0666);
		/* The directory of a new notebook is synced before its log is used. */
		if (fd >= 0 && (fsync(dir) < 0 || fsync(all) < 0 || fsync(root->fd) < 0)) {
			file_close(fd, 0);
			fd = -1;
		}
	}
	return file_close(dir, fd);
}

int
notebook_open_log(const struct root *root, const char *name, bool create)
{
	int all, fd;

	if (root_name_check(name))
		return file_fail(ENOENT);
	all = root_open_dir(root->fd, "notebooks", create);
	if (all < 0)
		return -1;
	fd = open_log_in(root, all, name, create);
	return file_close(all, fd);
}

void
notebook_add_now(struct buf *out)
{
	char text[WHEN_SIZE];

	buf_printf(out, ",\"at\":\"%s\"", when_now(text));
}

int
notebook_add_job(const struct root *root, const char *nb, const struct notebook_job *job)
{
	int fd = notebook_open_log(root, nb, true), rc = -1;
	struct buf line = {0};
	off_t end = 0;

	if (fd < 0)
		return -1;
	buf_printf(&line, "{\"job\":%llu,\"batch\":\"%s\",\"job_type\":\"%s\",\"items\":%llu",
		   (unsigned long long)job->id, job->batch, job->type, (unsigned long long)job->items);
	notebook_add_now(&line);
	for (uint64_t i = 0; job->upload_ids && i < job->items; i++) {
		buf_str(&line, i ? "," : ",\"upload_ids\":[");
		buf_json(&line, job->upload_ids[i]);
	}
	buf_str(&line, job->upload_ids && job->items ? "]}\n" : "}\n");
	if (lock_wait(fd, LOCK_ALONE) == 0 && (end = append_end(fd)) >= 0 &&
	    append_lines(fd, end, line.data, line.len) == 0)
		rc = fdatasync(fd);
	if (rc == 0) {
		/* No results of the batch are imported yet, as the log's line at AT says. */
		int batches = root_open_dir(root->fd, "batches", false);
		int dir = batches < 0 ? -1 : root_open_dir(batches, job->batch, false);

		if (dir >= 0) {
			notebook_store_note(dir, 0, end);
			close(dir);
		}
		file_close(batches, 0);
	}
	buf_free(&line);
	return file_close(fd, rc);
}
