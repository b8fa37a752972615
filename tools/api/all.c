/* The document of all batches, for stream.c. What tells of changes is inotify: each batch's directory, batches/ and
 * review/. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "clock.h"
#include "loop.h"
#include "msg.h"
#include "stream.h"

struct watch {
	int wd;
	char *name; /* of a batch */
};

struct all {
	struct api *api;
	struct status *status;
	struct source source;
	int ino; /* -1: nobody follows, or there is no inotify */
	struct watch *watches;
	size_t watches_n;
	int64_t look, whole; /* when to look, and at all */
	int64_t earliest;    /* not to look before that */
	bool again;          /* one more look is due after this one */
};

struct all *
all_new(struct api *api)
{
	struct all *a = buf_alloc(sizeof(*a));

	*a = (struct all){.api = api, .ino = -1, .look = LOOP_NEVER, .whole = LOOP_NEVER};
	a->status = status_new(&api->root);
	return a;
}

/* --- what happens to batches --- */

static int
add_watch(struct all *a, const char *dir, const char *name, uint32_t mask)
{
	struct buf path = {0};
	int wd;

	buf_printf(&path, "%s/%s%s%s", a->api->root.path, dir, name ? "/" : "", name ? name : "");
	wd = inotify_add_watch(a->ino, path.data, mask | IN_ONLYDIR | IN_DONT_FOLLOW);
	buf_free(&path);
	return wd;
}

static void
watch_batch(const char *name, void *arg)
{
	struct all *a = arg;
	int wd = add_watch(a, "batches", name, IN_MODIFY | IN_CLOSE_WRITE | IN_CREATE | IN_MOVED_TO);

	/* One that is watched already has the same number again. */
	for (size_t i = 0; i < a->watches_n; i++)
		if (a->watches[i].wd == wd)
			return;
	if (wd < 0)
		return;
	a->watches = buf_realloc(a->watches, (a->watches_n + 1) * sizeof(*a->watches));
	a->watches[a->watches_n++] = (struct watch){wd, buf_strdup(name)};
}

static void
watch_all(struct all *a)
{
	if (a->ino < 0)
		a->ino = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (a->ino < 0)
		return;
	add_watch(a, "batches", NULL, IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE);
	add_watch(a, "review", NULL, IN_CREATE | IN_MOVED_TO);
	status_each(a->status, watch_batch, a);
}

struct source *
all_follow(struct all *a)
{
	if (a->source.viewers++ > 0)
		return &a->source;
	watch_all(a);
	a->whole = 0;
	all_look(a);
	watch_all(a);
	return &a->source;
}

void
all_unfollow(struct all *a)
{
	if (--a->source.viewers > 0)
		return;
	if (a->ino >= 0)
		close(a->ino);
	a->ino = -1;
	for (size_t i = 0; i < a->watches_n; i++)
		free(a->watches[i].name);
	a->watches_n = 0;
	a->look = a->whole = LOOP_NEVER;
}

static void
look_soon(struct all *a)
{
	int64_t at = clock_ms();

	at = at < a->earliest ? a->earliest : at;
	if (at < a->look)
		a->look = at;
	a->again = true;
}

static void
heed(struct all *a, const struct inotify_event *e)
{
	if (e->mask & IN_Q_OVERFLOW)
		a->whole = 0;
	for (size_t i = 0; i < a->watches_n; i++) {
		if (a->watches[i].wd != e->wd)
			continue;
		status_touch(a->status, a->watches[i].name);
		if (e->mask & IN_IGNORED) { /* the batch has gone */
			free(a->watches[i].name);
			a->watches[i] = a->watches[--a->watches_n];
		}
		break;
	}
	look_soon(a);
}

int
all_fd(const struct all *a)
{
	return a->ino;
}

void
all_heed(struct all *a)
{
	_Alignas(struct inotify_event) char events[16384];
	ssize_t got;

	while ((got = read(a->ino, events, sizeof(events))) > 0)
		for (char *at = events; at < events + got;) {
			const struct inotify_event *e = (const struct inotify_event *)(void *)at;

			heed(a, e);
			at += sizeof(*e) + e->len;
		}
}

/* --- the document --- */

int64_t
all_due(const struct all *a)
{
	return a->look < a->whole ? a->look : a->whole;
}

void
all_look(struct all *a)
{
	struct buf text = {0};
	const struct buf *d;
	int64_t now = clock_ms();
	bool whole = now >= a->whole;

	a->earliest = now + STREAM_EVERY_MS;
	a->look = a->again ? now + STREAM_AGAIN_MS : LOOP_NEVER;
	a->again = false;
	if (whole)
		a->whole = now + STREAM_ALL_MS;
	if (status_look(a->status, whole) < 0)
		msg_warn_errno("cannot list the batches of %s", a->api->root.path);
	watch_all(a);
	if (status_moves(a->status) && a->look > now + STREAM_AGAIN_MS)
		a->look = now + STREAM_AGAIN_MS;
	d = status_document(a->status);
	buf_add(&text, d->data, d->len);
	source_set(&a->source, &text);
}

void
all_answer(struct all *a, struct reply *r)
{
	const struct buf *d = status_document(a->status);

	if (a->ino >= 0)
		all_heed(a);
	if (status_look(a->status, a->ino < 0) < 0)
		reply_error(r, 500, "cannot_read", "the batches cannot be listed: %s", strerror(errno));
	else
		buf_add(&r->body, d->data, d->len);
	buf_str(&r->body, "\n");
	reply_header(r, "Cache-Control", "no-store");
}
