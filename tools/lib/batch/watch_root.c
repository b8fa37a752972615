#include "batch/watch_root.h"

#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/table.h"

enum { FOLDERS = 4 };

static const struct {
	const char *name;
	enum watch_root_what what;
	uint32_t mask;
} folders[FOLDERS] = {
	{"batches", WATCH_ROOT_BATCHES, IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE},
	{"queue", WATCH_ROOT_QUEUE, IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CLOSE_WRITE},
	{"review", WATCH_ROOT_REVIEW, IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE},
	{"leases", WATCH_ROOT_LEASES, IN_CREATE | IN_MOVED_TO | IN_MODIFY | IN_CLOSE_WRITE},
};

struct watched {
	int wd;
	char *name;
};

struct watch_root {
	const struct root *root;
	int fd;
	int root_wd;
	int folder_wds[FOLDERS];
	struct watched *v; /* batches, in ascending order of their numbers */
	size_t n;
	struct table names; /* of batches to their numbers; it keeps those of batches that are no longer watched */
	size_t named;       /* entries in it */
};

static int
add_watch(const struct watch_root *f, const char *folder, const char *name, uint32_t mask)
{
	struct buf path = {0};
	int wd;

	buf_printf(&path, "%s/%s%s%s", f->root->path, folder, *name ? "/" : "", name);
	wd = inotify_add_watch(f->fd, path.data, mask | IN_ONLYDIR | IN_DONT_FOLLOW);
	buf_free(&path);
	return wd;
}

static void
watch_folders(struct watch_root *f)
{
	for (size_t i = 0; i < FOLDERS; i++)
		f->folder_wds[i] = add_watch(f, folders[i].name, "", folders[i].mask);
}

struct watch_root *
watch_root_open(const struct root *root)
{
	struct watch_root *f = buf_alloc(sizeof(*f));

	*f = (struct watch_root){.root = root};
	f->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (f->fd < 0) {
		free(f);
		return NULL;
	}
	f->root_wd = add_watch(f, "", "", IN_CREATE | IN_MOVED_TO);
	watch_folders(f);
	return f;
}

/* The place of WD among the watched batches, or the place to insert it. */
static size_t
place_of(const struct watch_root *f, int wd)
{
	size_t from = 0, to = f->n;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (f->v[middle].wd < wd)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

/* Adds the name of the batch at AT to the table, which is made anew when most of it is old. */
static void
add_name(struct watch_root *f, size_t at)
{
	size_t first = at, last = at;

	if (f->named >= 2 * f->n + TABLE_PARTS) {
		table_clear(&f->names);
		f->named = first = 0;
		last = f->n - 1;
	}
	for (size_t i = first; i <= last; i++, f->named++)
		table_add(&f->names, table_hash(f->v[i].name), (uint32_t)f->v[i].wd);
}

int
watch_root_add_batch(struct watch_root *f, const char *name)
{
	/* A batch that is already watched gets the same number again. */
	int wd = add_watch(f, "batches", name, IN_MODIFY | IN_CLOSE_WRITE | IN_CREATE | IN_MOVED_TO | IN_DELETE_SELF);
	size_t at;

	if (wd < 0)
		return -1;
	at = place_of(f, wd);
	if (at < f->n && f->v[at].wd == wd)
		return 0;
	f->v = buf_realloc(f->v, (f->n + 1) * sizeof(*f->v));
	memmove(f->v + at + 1, f->v + at, (f->n - at) * sizeof(*f->v));
	f->v[at] = (struct watched){wd, buf_strdup(name)};
	f->n++;
	add_name(f, at);
	return 0;
}

int
watch_root_fd(const struct watch_root *f)
{
	return f->fd;
}

/* Reports the batch at AT, and then forgets it. */
static void
drop_batch(struct watch_root *f, size_t at)
{
	free(f->v[at].name);
	f->n--;
	memmove(f->v + at, f->v + at + 1, (f->n - at) * sizeof(*f->v));
}

void
watch_root_remove_batch(struct watch_root *f, const char *name)
{
	uint32_t cursor = 0;

	for (const struct table_slot *slot; (slot = table_next(&f->names, table_hash(name), &cursor));) {
		size_t at = place_of(f, (int)slot->item);

		if (at == f->n || f->v[at].wd != (int)slot->item || strcmp(f->v[at].name, name) != 0)
			continue; /* an old entry */
		inotify_rm_watch(f->fd, f->v[at].wd);
		drop_batch(f, at);
		return;
	}
}

static bool
is_folder(const char *name)
{
	for (size_t i = 0; i < FOLDERS; i++)
		if (strcmp(folders[i].name, name) == 0)
			return true;
	return false;
}

/* Interprets an event of the kernel. False if it means nothing here. */
static bool
translate_event(struct watch_root *f, const struct inotify_event *e, struct watch_root_event *out)
{
	size_t at = place_of(f, e->wd);

	*out = (struct watch_root_event){
		.what = WATCH_ROOT_LOST,
		.name = e->len ? e->name : "",
		.file = "",
		.made = e->mask & (IN_CREATE | IN_MOVED_TO),
		.closed = e->mask & IN_CLOSE_WRITE,
		.removed = e->mask & (IN_DELETE | IN_MOVED_FROM),
	};
	if (e->mask & IN_Q_OVERFLOW)
		return true;
	for (size_t i = 0; i < FOLDERS; i++)
		if (e->wd == f->folder_wds[i]) {
			out->what = folders[i].what;
			return *out->name;
		}
	if (e->wd == f->root_wd)
		return is_folder(out->name);
	if (at == f->n || f->v[at].wd != e->wd)
		return false;
	out->what = e->mask & IN_IGNORED ? WATCH_ROOT_GONE : WATCH_ROOT_BATCH;
	out->file = out->name;
	out->name = f->v[at].name;
	return true;
}

static void
handle_event(struct watch_root *f, const struct inotify_event *e,
	     void (*see)(const struct watch_root_event *e, void *arg), void *arg)
{
	struct watch_root_event event;

	if (!translate_event(f, e, &event))
		return;
	if (event.what == WATCH_ROOT_LOST)
		watch_folders(f);
	if (event.what == WATCH_ROOT_BATCHES && event.removed)
		watch_root_remove_batch(f, event.name); /* a renamed batch is still watched under its number */
	see(&event, arg);
	if (event.what == WATCH_ROOT_GONE)
		drop_batch(f, place_of(f, e->wd));
}

void
watch_root_handle_events(struct watch_root *f, void (*see)(const struct watch_root_event *e, void *arg), void *arg)
{
	_Alignas(struct inotify_event) char events[16384];
	ssize_t got;

	while ((got = read(f->fd, events, sizeof(events))) > 0)
		for (char *at = events; at < events + got;) {
			const struct inotify_event *e = (const struct inotify_event *)(void *)at;

			handle_event(f, e, see, arg);
			at += sizeof(*e) + e->len;
		}
}

void
watch_root_close(struct watch_root *f)
{
	if (!f)
		return;
	close(f->fd);
	for (size_t i = 0; i < f->n; i++)
		free(f->v[i].name);
	free(f->v);
	table_clear(&f->names);
	free(f);
}
