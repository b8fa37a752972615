/* Removes the data of removed items: files, copies and thumbnails for the pages, parsed content, unfinished downloads.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/lock.h"
#include "base/msg.h"
#include "base/table.h"
#include "batch/item_files.h"
#include "files/file.h"
#include "records/rec.h"
#include "remove_items.h"

enum { SHARED_SHOWN = 5 };

struct sweeping {
	const struct clean *c;
	struct batch *b;
	struct item_stems stems;
	struct removal *v;
	size_t n;
	bool counts;         /* the files found belong to the batch */
	const char *dir;     /* the directory that is read, for messages */
	struct table shared; /* inodes that have other names */
	size_t shared_n, same;
	int code;
};

static struct removal *
find_removal(const struct sweeping *x, uint32_t k)
{
	size_t from = 0, to = x->n;

	while (from < to) {
		size_t at = from + (to - from) / 2;

		if (x->v[at].item == k)
			return &x->v[at];
		if (x->v[at].item < k)
			from = at + 1;
		else
			to = at;
	}
	return NULL;
}

static void
cannot(struct sweeping *x, const char *doing, const char *name)
{
	int code = msg_exit_code(errno);

	msg_warn_errno("cannot %s %s%s of the batch '%s': the item is removed, and the same command removes its files",
		       doing, x->dir, name, batch_name(x->b));
	x->code = x->code ? x->code : code;
}

static uint32_t
print_of(const struct stat *st)
{
	return (uint32_t)(st->st_ino ^ st->st_ino >> 32);
}

/* Handles an entry of a directory, which is removed if it belongs to an item. */
static int
sweep_entry(int dir, const struct dirent *e, void *arg)
{
	struct sweeping *x = arg;
	struct removal *r;
	struct stat st;
	uint32_t k;
	int rc;

	if (item_stems_find(&x->stems, e->d_name, &k) < 0)
		return -1;
	r = k ? find_removal(x, k) : NULL;
	if (!r)
		return 0;
	rc = file_stat(dir, e->d_name, &st);
	if (rc == 0 || (rc > 0 && S_ISDIR(st.st_mode)))
		return 0;
	if (rc > 0 && !S_ISREG(st.st_mode)) {
		msg_warn("%s%s of the batch '%s' is not a regular file, and bi makes no such files there: left alone",
			 x->dir, e->d_name, batch_name(x->b));
		x->code = x->code ? x->code : EX_SOME_FAILED;
		return 0;
	}
	if (rc > 0 && !x->c->only_say)
		rc = unlinkat(dir, e->d_name, 0) < 0 && errno != ENOENT ? -1 : 1;
	if (rc < 0) {
		cannot(x, "remove", e->d_name);
		return 0;
	}
	if (x->counts && st.st_nlink > 1) {
		table_add(&x->shared, print_of(&st), k);
		x->shared_n++;
	}
	r->files += x->counts;
	r->bytes += x->counts ? (uint64_t)st.st_size : 0;
	return 0;
}

/* Sweeps the directory DIR, which is closed. */
static void
sweep(struct sweeping *x, int dir, const char *shown, bool counts)
{
	x->dir = shown;
	x->counts = counts;
	if (dir < 0 && errno == ENOENT)
		return;
	if (dir < 0 || file_each(fcntl(dir, F_DUPFD_CLOEXEC, 3), sweep_entry, x) < 0 ||
	    (!x->c->only_say && fsync(dir) < 0))
		cannot(x, "look through", "");
	file_close(dir, 0);
}

/* Removes copies for the pages, with the lock of bi-render: a bi-render that began earlier would make them again. */
static void
sweep_review(struct sweeping *x)
{
	int review = root_open_dir(x->c->root.fd, "review", false);
	int dir = review < 0 ? -1 : root_open_dir(review, batch_name(x->b), false);

	x->dir = "the review pages";
	if (dir < 0 && errno != ENOENT)
		cannot(x, "open", "");
	if (dir >= 0 && !x->c->only_say && lock_wait(dir, LOCK_ALONE) < 0)
		cannot(x, "lock", "");
	if (dir >= 0) {
		sweep(x, fcntl(dir, F_DUPFD_CLOEXEC, 3), "review/", false);
		sweep(x, root_open_dir(dir, "thumbs", false), "review/thumbs/", false);
		sweep(x, root_open_dir(dir, "pages", false), "review/pages/", false);
	}
	file_close(dir, 0);
	file_close(review, 0);
}

/* Removes the other data of item K: parsed content and unfinished downloads. 0 or -1. */
static int
remove_rest(struct sweeping *x, uint32_t k, struct buf *line)
{
	struct batch_place place;
	struct json_object *item;
	struct buf path = {0};
	int rc;

	buf_clear(line);
	if (batch_item(x->b, k, line) < 0)
		return -1;
	item = rec_parse(line->data, line->len, NULL, 0);
	rc = item_files_remove_begun(&x->c->root, x->b, k, item);
	json_object_put(item);
	if (rc == 0 && batch_place(line->data, line->len, &place) == 0) {
		buf_printf(&path, "content/%s_%lu.json", place.subject, (unsigned long)place.idx);
		rc = item_files_remove_content(&x->c->root, x->b, path.data);
		buf_free(&path);
	}
	return rc;
}

/* Reports a file that stays and has the same bytes as a removed one. */
static int
see_shared(int dir, const struct dirent *e, void *arg)
{
	struct sweeping *x = arg;
	uint32_t cursor = 0, k;
	const struct table_slot *slot;
	struct stat st;

	if (file_stat(dir, e->d_name, &st) <= 0 || !(slot = table_next(&x->shared, print_of(&st), &cursor)))
		return 0;
	if (item_stems_find(&x->stems, e->d_name, &k) < 0 || k)
		return 0; /* in a dry run they still exist */
	if (x->same++ < SHARED_SHOWN)
		msg_warn("item %lu of the batch '%s' has the same bytes as files/%s, which stays",
			 (unsigned long)slot->item, batch_name(x->b), e->d_name);
	return 0;
}

static void
say_shared(struct sweeping *x)
{
	if (x->shared_n == 0)
		return;
	if (file_each(root_open_dir(batch_dirfd(x->b), "files", false), see_shared, x) < 0)
		cannot(x, "look through", "");
	if (x->same > SHARED_SHOWN)
		msg_warn("and %zu more files of the batch '%s' have the bytes of removed items", x->same - SHARED_SHOWN,
			 batch_name(x->b));
}

int
items_remove_files(const struct clean *c, struct batch *b, struct removal *v, size_t n)
{
	struct sweeping x = {.c = c, .b = b, .stems = {.batch = b}, .v = v, .n = n, .dir = ""};
	struct buf line = {0};

	for (size_t i = 0; i < n; i++)
		if (item_stems_add(&x.stems, v[i].item) < 0)
			cannot(&x, "read", "items.ndjson");
	sweep(&x, root_open_dir(batch_dirfd(b), "files", false), "files/", true);
	sweep_review(&x);
	x.dir = "";
	for (size_t i = 0; i < n && !c->only_say; i++)
		if (remove_rest(&x, v[i].item, &line) < 0)
			cannot(&x, "remove", "parsed content or unfinished downloads");
	x.dir = "files/";
	say_shared(&x);
	table_clear(&x.shared);
	item_stems_free(&x.stems);
	buf_free(&line);
	return x.code;
}
