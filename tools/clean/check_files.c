/*
 * check_files: the files of a batch against its results, by size and SHA-256, and files that no result names.
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/msg.h"
#include "checking.h"
#include "files/file.h"
#include "records/rec.h"
#include "remove_items.h"

enum { TRIES = 1000 };

/* The fingerprint of a name below files/. */
static uint32_t
print_of(const char *path)
{
	unsigned char digest[HASH_BYTES];
	uint32_t print;

	hash_bytes(path, strlen(path), digest);
	memcpy(&print, digest, sizeof(print));
	return print;
}

void
check_note_file(struct checking *x, const char *name, uint32_t k)
{
	table_add(&x->files, print_of(name), k);
}

static void
check_file(struct checking *x, uint32_t k, struct json_object *result)
{
	const char *path = rec_string(result, "path"), *sha256 = rec_string(result, "sha256");
	int fd = path ? batch_open_file(x->b, result) : -1, rc;
	char hex[HASH_HEX + 1];
	struct stat st;

	if (!path)
		return; /* completed without a file */
	if (fd < 0 && errno == ENOENT) {
		checking_found(
			x, NOT_MENDED, "file_missing",
			"%s of item %lu is missing: bi-status --rebuild %s and bi-fetch -b %s --resume fetch it again",
			path, (unsigned long)k, x->name, x->name);
		return;
	}
	rc = fd < 0 || fstat(fd, &st) < 0 ? -1 : 0;
	if (rc == 0 && rec_number(result, "bytes", st.st_size) != st.st_size)
		rc = 1;
	else if (rc == 0 && sha256)
		rc = file_digest(fd, hex) < 0 ? -1 : strcmp(hex, sha256) != 0;
	if (rc < 0)
		checking_cannot_read(x, path);
	else if (rc > 0)
		checking_found(
			x, NOT_MENDED, "file_changed",
			"%s of item %lu does not have the bytes that were fetched: remove it, then bi-status --rebuild "
			"%s and bi-fetch -b %s --resume fetch it again",
			path, (unsigned long)k, x->name, x->name);
	file_close(fd, 0);
}

void
check_files(struct checking *x)
{
	if (batch_filesfd(x->b) < 0 && errno != ENOENT) {
		checking_cannot_read(x, "files/");
		return;
	}
	for (uint64_t k = 1; k <= x->count; k++) {
		struct json_object *result;

		if (x->states[k - 1] != 'c')
			continue;
		result = batch_result_object(x->b, (uint32_t)k);
		if (result)
			check_file(x, (uint32_t)k, result);
		else
			checking_cannot_read(x, "a result");
		json_object_put(result);
	}
}

/* Whether a result has the file NAME. */
static bool
is_known(const struct checking *x, const char *name)
{
	uint32_t cursor = 0;

	return table_next(&x->files, print_of(name), &cursor) != NULL;
}

/* Moves NAME of the directory FILES to orphans/ under a free name. No other process works on the batch. */
static int
put_aside(struct checking *x, int files, const char *name)
{
	char as[NAME_MAX + 16];
	int is = 1;

	if (x->orphans < 0)
		x->orphans = root_open_dir(batch_dirfd(x->b), "orphans", true);
	if (x->orphans < 0)
		return -1;
	for (int i = 0; i < TRIES && is == 1; i++) {
		snprintf(as, sizeof(as), i ? "%s.%d" : "%s", name, i);
		is = file_stat(x->orphans, as, NULL);
	}
	if (is == 1)
		errno = EEXIST;
	return is == 0 ? renameat(files, name, x->orphans, as) : -1;
}

/* A file that no result names: a process was killed before recording it. It may be the only copy of fetched data, so it
 * is kept. */
static int
see_file(int dir, const struct dirent *e, void *arg)
{
	struct checking *x = arg;
	/* If some results are not known, the file may belong to one of them. */
	bool moves = x->mends && !x->failed && !x->results_bad;
	uint32_t k;

	if (item_stems_find(&x->removed, e->d_name, &k) < 0)
		return -1;
	if (k) {
		checking_found(x, MENDED, "file_left", "files/%s is of item %lu, which was removed", e->d_name,
			       (unsigned long)k);
		x->left[k / 8] |= (unsigned char)(1u << (k % 8));
		x->left_n++;
		return 0;
	}
	if (is_known(x, e->d_name))
		return 0;
	if (moves && put_aside(x, dir, e->d_name) < 0) {
		msg_warn_errno("cannot move files/%s of the batch '%s' to orphans/", e->d_name, x->name);
		x->failed = true;
		return 0;
	}
	x->moved += moves;
	checking_found(x, moves ? MENDED : NOT_MENDED, "orphan", "files/%s belongs to no %s", e->d_name,
		       x->results_bad ? "result that can be read" : "item");
	return 0;
}

/* Records the removed items. */
static void
find_removed(struct checking *x)
{
	struct buf line = {0};

	x->removed.batch = x->b;
	x->left = buf_alloc((size_t)x->count / 8 + 1);
	memset(x->left, 0, (size_t)x->count / 8 + 1);
	for (uint64_t k = 1; k <= x->count; k++) {
		if (x->states[k - 1] != 'x')
			continue;
		buf_clear(&line);
		if (batch_result(x->b, (uint32_t)k, &line) < 0) {
			checking_cannot_read(x, "a result");
			break;
		}
		if (!batch_result_is_kept(line.data, line.len) && item_stems_add(&x->removed, (uint32_t)k) < 0) {
			checking_cannot_read(x, "items.ndjson");
			break;
		}
	}
	buf_free(&line);
}

/* Removes the files of removed items. */
static void
remove_left(struct checking *x)
{
	struct removal *v = x->mends && x->left_n ? buf_alloc(x->left_n * sizeof(*v)) : NULL;
	size_t n = 0;

	for (uint64_t k = 1; v && k <= x->count; k++)
		if (x->left[k / 8] >> (k % 8) & 1)
			v[n++] = (struct removal){.item = (uint32_t)k};
	if (v && items_remove_files(x->c, x->b, v, n) != 0)
		x->failed = true;
	free(v);
	free(x->left);
	item_stems_free(&x->removed);
}

void
check_orphans(struct checking *x)
{
	if (batch_filesfd(x->b) < 0)
		return; /* it does not exist, or was reported as unreadable */
	find_removed(x);
	x->orphans = -1;
	if (file_each(root_open_dir(batch_dirfd(x->b), "files", false), see_file, x) < 0)
		checking_cannot_read(x, "files/");
	/* Synced before the other names are removed permanently. */
	if (x->orphans >= 0 && (fsync(x->orphans) < 0 || fsync(batch_dirfd(x->b)) < 0))
		checking_cannot_read(x, "orphans/");
	file_close(x->orphans, 0);
	remove_left(x);
}

static int
add_size(int dir, const struct dirent *e, void *arg)
{
	struct checking *x = arg;
	struct stat st;
	int rc = file_stat(dir, e->d_name, &st);

	x->kept += rc > 0;
	x->kept_bytes += rc > 0 ? (uint64_t)st.st_size : 0;
	return rc < 0 ? -1 : 0;
}

/* This is not a problem, since they were found earlier. */
void
check_say_orphans(struct checking *x)
{
	int dir = root_open_dir(batch_dirfd(x->b), "orphans", false);

	if (dir < 0 && errno == ENOENT)
		return;
	if (file_each(dir, add_size, x) < 0)
		checking_cannot_read(x, "orphans/");
	else if (x->moved > 0 && !x->c->json)
		printf("%s: orphans/ keeps %" PRIu64 " file%s that no item has, %" PRIu64
		       " bytes, until `bi-clean batch %s`\n",
		       x->name, x->kept, x->kept == 1 ? "" : "s", x->kept_bytes, x->name);
}
