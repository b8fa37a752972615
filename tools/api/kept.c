#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api.h"

enum { KEPT_MOST = 16 };

struct kept {
	struct kept_batch all[KEPT_MOST];
	uint64_t clock;
};

struct kept *
kept_new(void)
{
	struct kept *k = buf_alloc(sizeof(*k));

	for (size_t i = 0; i < KEPT_MOST; i++)
		k->all[i].dir = -1;
	return k;
}

static void
drop(struct kept_batch *b)
{
	picks_free(b->picks);
	picks_subjects_free(b->subjects);
	if (b->batch)
		batch_close(b->batch);
	buf_free(&b->document);
	*b = (struct kept_batch){.dir = -1};
}

/* Whether batches/NAME is the directory that it was. Its descriptor is open, so no other can have its number. */
static bool
is_same(const struct kept_batch *b, const struct root *root)
{
	int batches = root_dir(root->fd, "batches", false);
	struct stat now, then;
	bool same;

	if (batches < 0)
		return false;
	same = fstatat(batches, b->name, &now, AT_SYMLINK_NOFOLLOW) == 0 && fstat(b->dir, &then) == 0 &&
	       now.st_dev == then.st_dev && now.st_ino == then.st_ino;
	close(batches);
	return same;
}

static int
load(struct kept_batch *b, const struct root *root, const char *name)
{
	int error;

	drop(b);
	b->batch = batch_open(root, name, BATCH_READ, NULL);
	if (b->batch) {
		snprintf(b->name, sizeof(b->name), "%s", name);
		b->dir = batch_dirfd(b->batch);
		b->picks = picks_read(b->batch);
	}
	if (b->picks)
		return 0;
	error = errno;
	drop(b);
	errno = error;
	return -1;
}

static int
refresh(struct kept_batch *b, const struct root *root, const char *name)
{
	if (b->dir < 0 || strcmp(b->name, name) != 0 || !is_same(b, root))
		return load(b, root, name);
	return picks_refresh(b->picks);
}

struct kept_batch *
kept_get(struct kept *k, const struct root *root, const char *name)
{
	struct kept_batch *b = &k->all[0];

	if (root_name_wrong(name)) {
		errno = ENOENT;
		return NULL;
	}
	for (size_t i = 0; i < KEPT_MOST; i++) {
		if (k->all[i].dir >= 0 && strcmp(k->all[i].name, name) == 0) {
			b = &k->all[i];
			break;
		}
		if (k->all[i].used < b->used)
			b = &k->all[i];
	}
	if (refresh(b, root, name) < 0)
		return NULL;
	b->used = ++k->clock;
	return b;
}

const struct picks_subjects *
kept_subjects(struct kept_batch *b)
{
	if (!b->subjects)
		b->subjects = picks_subjects_read(b->batch);
	else if (picks_subjects_refresh(b->subjects) < 0)
		return NULL;
	return b->subjects;
}
