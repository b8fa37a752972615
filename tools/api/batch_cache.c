#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "batch_cache.h"

enum {
	BATCHES_MAX = 64,
	BATCH_SHARE = 32, /* of so many descriptors that the process may have, a batch takes a dozen */
	NOTEBOOKS_MAX = 16,
};

struct cached_notebook {
	struct notebook *notebook; /* NULL: this place is free */
	uint64_t used;
};

struct batch_cache {
	struct cached_batch batches[BATCHES_MAX];
	size_t most; /* of these that are used: fewer if the process may have few descriptors */
	struct cached_notebook notebooks[NOTEBOOKS_MAX];
	struct notebooks *names; /* NULL: not needed yet */
	uint64_t clock;
};

struct batch_cache *
batch_cache_new(void)
{
	struct batch_cache *k = buf_alloc(sizeof(*k));
	struct rlimit files;

	k->most = BATCHES_MAX;
	if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_max < BATCHES_MAX * BATCH_SHARE)
		k->most = files.rlim_max < BATCH_SHARE ? 1 : files.rlim_max / BATCH_SHARE;
	for (size_t i = 0; i < BATCHES_MAX; i++)
		k->batches[i].dir = -1;
	return k;
}

/* --- batches --- */

static void
drop_batch(struct cached_batch *b)
{
	picks_free(b->picks);
	picks_subjects_free(b->subjects);
	json_object_put(b->about);
	batch_close(b->batch);
	buf_free(&b->document);
	*b = (struct cached_batch){.dir = -1};
}

/* Whether batches/NAME is still the same directory; its descriptor is open, so no other can have its inode number. */
static bool
is_same(const struct cached_batch *b, const struct root *root)
{
	char path[sizeof("batches/") + BATCH_NAME_MAX];
	struct stat now;

	snprintf(path, sizeof(path), "batches/%s", b->name);
	return fstatat(root->fd, path, &now, AT_SYMLINK_NOFOLLOW) == 0 && now.st_dev == b->dev && now.st_ino == b->ino;
}

static int
load_batch(struct cached_batch *b, const struct root *root, const char *name)
{
	struct stat st;

	drop_batch(b);
	b->batch = batch_open(root, name, BATCH_READ, NULL);
	if (!b->batch)
		return -1;
	snprintf(b->name, sizeof(b->name), "%s", name);
	b->dir = batch_dirfd(b->batch);
	b->about = batch_metadata_object(b->batch);
	if ((!b->about && errno != ENOENT && errno != EBADMSG) || fstat(b->dir, &st) < 0) {
		drop_batch(b);
		return -1;
	}
	b->dev = st.st_dev;
	b->ino = st.st_ino;
	return 0;
}

struct cached_batch *
batch_cache_get(struct batch_cache *k, const struct root *root, const char *name)
{
	struct cached_batch *b = &k->batches[0];

	if (root_name_check(name)) {
		errno = ENOENT;
		return NULL;
	}
	for (size_t i = 0; i < k->most; i++) {
		if (k->batches[i].dir >= 0 && strcmp(k->batches[i].name, name) == 0) {
			b = &k->batches[i];
			break;
		}
		if (k->batches[i].used < b->used)
			b = &k->batches[i];
	}
	/* A batch that was opened while it was being made is opened again until it is complete. */
	if ((b->dir < 0 || strcmp(b->name, name) != 0 || !b->about || !batch_is_whole(b->batch) || !is_same(b, root)) &&
	    load_batch(b, root, name) < 0)
		return NULL;
	b->used = ++k->clock;
	return b;
}

int
cached_batch_picks(struct cached_batch *b)
{
	if (b->picks)
		return picks_refresh(b->picks);
	b->picks = picks_read(b->batch);
	return b->picks ? 0 : -1;
}

const struct picks_subjects *
cached_batch_subjects(struct cached_batch *b)
{
	if (!b->subjects)
		b->subjects = picks_subjects_read(b->batch);
	else if (picks_subjects_refresh(b->subjects) < 0)
		return NULL;
	return b->subjects;
}

/* --- notebooks --- */

struct notebook *
batch_cache_notebook(struct batch_cache *k, const struct root *root, const char *name)
{
	struct cached_notebook *n = &k->notebooks[0];
	bool found = false;

	for (size_t i = 0; i < NOTEBOOKS_MAX && !found; i++) {
		found = k->notebooks[i].notebook && strcmp(notebook_name(k->notebooks[i].notebook), name) == 0;
		if (found || k->notebooks[i].used < n->used)
			n = &k->notebooks[i];
	}
	if (!found || notebook_refresh(n->notebook) < 0) {
		struct notebook *nb = notebook_open(root, name);
		int error = errno;

		if ((nb || found) && n->notebook)
			notebook_close(n->notebook);
		if (nb || found)
			*n = (struct cached_notebook){.notebook = nb};
		errno = error;
		if (!nb)
			return NULL;
	}
	n->used = ++k->clock;
	return n->notebook;
}

struct notebooks *
batch_cache_notebooks(struct batch_cache *k, const struct root *root)
{
	if (!k->names)
		k->names = notebooks_open(root);
	return k->names;
}
