#include "content_store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/lock.h"
#include "batch/batch.h"
#include "files/atomic_file.h"
#include "files/file.h"
#include "files/root_write.h"
#include "records/rec.h"

enum { BATCHES = 16, ID_IDX = SUBJECT_MAX + 16, HEAD = 200 };

struct content_store {
	const char *dir; /* that the option named; NULL: none */
	char *of;        /* from the path of a file; NULL: none */
	struct root root;
	bool is_open;
	int tempfd;
	struct batch *batches[BATCHES]; /* recently used batches, the last one first */
};

struct content_store *
content_store_open(const char *dir)
{
	struct content_store *k = buf_alloc(sizeof(*k));

	k->dir = dir;
	k->tempfd = -1;
	return k;
}

static void
close_root(struct content_store *k)
{
	for (int i = 0; i < BATCHES; i++)
		if (k->batches[i])
			batch_close(k->batches[i]);
	memset(k->batches, 0, sizeof(k->batches));
	file_close(k->tempfd, 0);
	k->tempfd = -1;
	if (k->is_open)
		root_close(&k->root);
	k->is_open = false;
	free(k->of);
	k->of = NULL;
}

void
content_store_close(struct content_store *k)
{
	close_root(k);
	free(k);
}

/* The root of a batch's file, ROOT/batches/NAME/files/FILE. NULL if it is not one; the caller frees it. */
static char *
root_of(const char *path, const char *batch)
{
	struct buf middle = {0};
	const char *at, *found = NULL;
	char *root;

	buf_printf(&middle, "/batches/%s/files/", batch);
	for (at = strstr(path, middle.data); at; at = strstr(at + 1, middle.data))
		found = at;
	if (found && strchr(found + middle.len, '/'))
		found = NULL;
	buf_free(&middle);
	root = found && found > path && *path == '/' ? strndup(path, (size_t)(found - path)) : NULL;
	if (root && access(root, X_OK) == 0)
		return root;
	free(root);
	return NULL;
}

/* Opens the root of the file PATH, unless it is open. */
static void
open_root(struct content_store *k, const char *path, const char *batch)
{
	char *of = k->dir ? NULL : root_of(path, batch);

	if (k->is_open && (!of || (k->of && strcmp(of, k->of) == 0))) {
		free(of);
		return;
	}
	close_root(k);
	root_open_to_write(&k->root, of ? of : k->dir, false);
	k->is_open = true;
	k->of = of;
}

static struct batch *
batch_of(struct content_store *k, const char *name)
{
	struct batch *b = NULL;
	int i = 0;

	while (i < BATCHES - 1 && k->batches[i] && strcmp(batch_name(k->batches[i]), name) != 0)
		i++;
	b = k->batches[i];
	if (!b || strcmp(batch_name(b), name) != 0) {
		struct batch *opened = batch_open(&k->root, name, BATCH_READ, NULL);

		if (!opened)
			return NULL;
		batch_close(b);
		b = opened;
	}
	memmove(&k->batches[1], &k->batches[0], (size_t)i * sizeof(k->batches[0]));
	return k->batches[0] = b;
}

/* The name of the item's candidate. 0, or -1 with errno. */
static int
name_of(struct batch *b, uint32_t item, char name[ID_IDX])
{
	struct batch_place place;
	struct buf line = {0};
	int rc = batch_item(b, item, &line);

	if (rc == 0 && (rc = batch_place(line.data, line.len, &place)) < 0)
		errno = ENOENT;
	if (rc == 0)
		snprintf(name, ID_IDX, "%s_%u", place.subject, place.idx);
	buf_free(&line);
	return rc;
}

const char *
content_store_check(struct content_store *k, const char *path, const char *batch, uint32_t item)
{
	struct batch *b;
	char name[ID_IDX];

	errno = ENOENT;
	if (root_name_check(batch))
		return "its batch has an invalid name";
	open_root(k, path, batch);
	b = batch_of(k, batch);
	if (!b)
		return errno == ENOENT ? "its batch does not exist" : "its batch cannot be opened";
	if (name_of(b, item, name) == 0)
		return NULL;
	return errno == ENOENT ? "its batch has no such item" : "its batch cannot be read";
}

/* Stores the earlier id of the item, from the beginning of the content file, in ID; 0 if it had none or had other
 * bytes. 0, or -1 with errno if the file cannot be read. */
static int
id_before(int contentfd, const char *name, const char *sha256, unsigned long long *id)
{
	int fd = openat(contentfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	char head[HEAD + 1], sha[65] = "";
	ssize_t n;

	*id = 0;
	if (fd < 0)
		return errno == ENOENT || errno == ELOOP ? 0 : -1;
	n = file_read_at(fd, head, HEAD, 0);
	if (file_close(fd, n < 0 ? -1 : 0) < 0)
		return errno == EISDIR ? 0 : -1;
	head[n] = '\0';
	if (sscanf(head, "{\"knowledge_item_id\":%19llu,\"sha256\":\"%64[0-9a-f]\"", id, sha) != 2 ||
	    strcmp(sha, sha256) != 0)
		*id = 0;
	return 0;
}

static int
put_image(const struct content_store *k, int dirfd, int out, const struct answer_image *image)
{
	struct atomic_file p;

	if (atomic_file_open(&p, k->tempfd) < 0)
		return -1;
	if (part_add(&p, out, image->from, image->from + (off_t)image->bytes) == 0 && fsync(p.fd) == 0 &&
	    atomic_file_publish(&p, dirfd, image->name) == 0)
		return 0;
	atomic_file_drop(&p);
	return -1;
}

static int
remove_if_stale(int dir, const struct dirent *e, void *arg)
{
	const struct answer *a = arg;

	for (size_t i = 0; i < a->image_count; i++)
		if (strcmp(a->images[i].name, e->d_name) == 0)
			return 0;
	return unlinkat(dir, e->d_name, 0);
}

static int
put_images(const struct content_store *k, int contentfd, const char *name, const struct content *it)
{
	bool any = it->answer->image_count > 0;
	int dirfd = root_open_dir(contentfd, name, any), rc = 0;

	if (dirfd < 0)
		return any || errno != ENOENT ? -1 : 0;
	for (size_t i = 0; i < it->answer->image_count && rc == 0; i++)
		rc = put_image(k, dirfd, it->out, &it->answer->images[i]);
	/* Removes files of an earlier parsing that this one does not have. */
	if (rc == 0)
		rc = file_each(openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), remove_if_stale, it->answer);
	if (rc == 0)
		rc = fsync(dirfd);
	close(dirfd);
	return rc;
}

static void
add_member(struct buf *out, const char *key, const char *value)
{
	buf_printf(out, "%s\"%s\":", out->len > 1 ? "," : "", key);
	buf_json(out, value);
}

/* The JSON of the content on one line, with the id if it is not 0. */
static void
content_print(const struct content *it, struct buf *out)
{
	buf_clear(out);
	buf_str(out, "{");
	if (it->id)
		buf_printf(out, "\"knowledge_item_id\":%llu", it->id);
	add_member(out, "sha256", it->sha256);
	add_member(out, "mime", it->mime);
	json_object_object_foreach(it->answer->about, key, value)
	{
		buf_printf(out, ",\"%s\":%s", key, rec_print(value));
	}
	add_member(out, "text", it->answer->text.data);
	buf_str(out, "}\n");
}

/* With the content directory CONTENTFD open and locked. */
static int
write_locked(struct content_store *k, int contentfd, const char *name, struct content *it)
{
	struct buf json = {0};
	char file[ID_IDX + 8];
	int rc;

	snprintf(file, sizeof(file), "%s.json", name);
	if (id_before(contentfd, file, it->sha256, &it->id) < 0)
		return -1;
	if (!it->id && !(it->id = root_next_number(&k->root, "knowledge")))
		return -1;
	if (put_images(k, contentfd, name, it) < 0)
		return -1;
	content_print(it, &json);
	rc = atomic_file_replace(k->tempfd, contentfd, file, json.data, json.len, true);
	buf_free(&json);
	return rc;
}

int
content_store_write(struct content_store *k, struct content *it)
{
	struct batch *b;
	char name[ID_IDX];
	struct buf path = {0};
	int contentfd, rc;

	open_root(k, it->file, it->batch);
	b = batch_of(k, it->batch);
	if (!b || name_of(b, it->item, name) < 0)
		return -1;
	if (k->tempfd < 0 && (k->tempfd = root_open_dir(k->root.fd, "temp", true)) < 0)
		return -1;
	contentfd = root_open_dir(batch_dirfd(b), "content", true);
	if (contentfd < 0)
		return -1;
	buf_printf(&path, "content/%s.json", name);
	it->path = path.data;
	rc = lock_wait(contentfd, LOCK_ALONE) < 0 ? -1 : write_locked(k, contentfd, name, it);
	return file_close(contentfd, rc);
}
