/*
 * The documents of single jobs and files, for stream.c. Those who ask for the same share one. What tells of changes is
 * inotify: the batch's directory, and queue/, which a batch leaves last.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/clock.h"
#include "batch/job_status.h"
#include "client_loop.h"
#include "stream.h"

/* A look at one document takes at most one in so many of our time. */
enum { LOOK_SHARE = 50 };

struct one {
	struct source source; /* first: what is given out is this */
	char notebook[BATCH_NAME_MAX + 1], id[API_WORD_MAX];
	bool is_file;
	uint64_t limit, offset; /* of a job's items */
	char batch[BATCH_NAME_MAX + 1];
	int wd;           /* of the batch's directory; -1: none */
	int64_t look;     /* when to look */
	int64_t earliest; /* not to look before that */
	bool again;       /* one more look is due after the next */
	struct one *next;
};

struct ones {
	struct api *api;
	struct one *first;
	int ino;   /* -1: nobody follows, or there is no inotify */
	int queue; /* the watch of queue/; -1: none */
};

struct ones *
ones_new(struct api *api)
{
	struct ones *o = buf_alloc(sizeof(*o));

	*o = (struct ones){.api = api, .ino = -1, .queue = -1};
	return o;
}

/* --- what happens to batches --- */

static int
add_watch(const struct ones *o, const char *dir, const char *name, uint32_t mask)
{
	struct buf path = {0};
	int wd;

	buf_printf(&path, "%s/%s/%s", o->api->root.path, dir, name);
	wd = inotify_add_watch(o->ino, path.data, mask | IN_ONLYDIR | IN_DONT_FOLLOW);
	buf_free(&path);
	return wd;
}

static void
watch(struct ones *o, struct one *w)
{
	if (o->ino < 0)
		o->ino = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (o->ino < 0)
		return;
	if (o->queue < 0)
		o->queue = add_watch(o, "queue", ".", IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE);
	w->wd = add_watch(o, "batches", w->batch, IN_MODIFY | IN_CLOSE_WRITE | IN_CREATE | IN_MOVED_TO | IN_MOVE_SELF);
}

static void
unwatch(struct ones *o, int wd)
{
	for (const struct one *w = o->first; w; w = w->next)
		if (w->wd == wd)
			return;
	if (wd >= 0)
		inotify_rm_watch(o->ino, wd);
	if (o->first || o->ino < 0)
		return;
	close(o->ino);
	o->ino = o->queue = -1;
}

static void
touch(struct one *w)
{
	int64_t at = clock_ms();

	at = at < w->earliest ? w->earliest : at;
	w->look = at < w->look ? at : w->look;
	w->again = true;
}

static void
heed(const struct ones *o, const struct inotify_event *e)
{
	for (struct one *w = o->first; w; w = w->next)
		if (e->mask & IN_Q_OVERFLOW || e->wd == w->wd ||
		    (e->wd == o->queue && e->len && strcmp(e->name, w->batch) == 0))
			touch(w);
}

int
ones_fd(const struct ones *o)
{
	return o->ino;
}

void
ones_handle_events(struct ones *o)
{
	_Alignas(struct inotify_event) char events[16384];
	ssize_t got;

	while ((got = read(o->ino, events, sizeof(events))) > 0)
		for (char *at = events; at < events + got;) {
			const struct inotify_event *e = (const struct inotify_event *)(void *)at;

			heed(o, e);
			at += sizeof(*e) + e->len;
		}
}

/* --- documents --- */

/* Makes the document of W anew. False after making R the error. */
static bool
look_at(struct ones *o, struct one *w, struct reply *r)
{
	int64_t now = clock_ms();
	struct buf text = {0};
	const char *batch;

	w->look = now + (w->again ? STREAM_AGAIN_MS : STREAM_ALL_MS);
	w->again = false;
	o->api->deadline = now + API_REQUEST_MS;
	batch = w->is_file
			? files_print_status(o->api, w->notebook, w->id, &text, &w->source.done, r)
			: jobs_print_status(o->api, w->notebook, w->id, w->limit, w->offset, &text, &w->source.done, r);
	if (!batch) {
		buf_free(&text);
		return false;
	}
	/* Long documents less often. */
	w->earliest = now + STREAM_EVERY_MS + LOOK_SHARE * (clock_ms() - now);
	snprintf(w->batch, sizeof(w->batch), "%s", batch);
	source_set(&w->source, &text);
	return true;
}

int64_t
ones_due(const struct ones *o)
{
	int64_t due = LOOP_NEVER;

	for (const struct one *w = o->first; w; w = w->next)
		if (!w->source.done && w->look < due)
			due = w->look;
	return due;
}

void
ones_look(struct ones *o)
{
	for (struct one *w = o->first; w; w = w->next) {
		struct reply r = {.status = 200};

		if (w->source.done || clock_ms() < w->look)
			continue;
		/* What cannot be read any more is at its end, as it was last. */
		if (!look_at(o, w, &r))
			w->source.done = true;
		reply_free(&r);
	}
}

/* --- who asks for them --- */

static bool
is_same(const struct one *a, const struct one *b)
{
	return a->is_file == b->is_file && a->limit == b->limit && a->offset == b->offset &&
	       strcmp(a->id, b->id) == 0 && strcmp(a->notebook, b->notebook) == 0;
}

struct source *
ones_follow(struct ones *o, const struct request *q, struct reply *r)
{
	/* [notebooks/]NB/batch-jobs/ID/status/stream, notebooks/NB/files/ID/status/stream. */
	const char *notebook = q->words[q->count - 5], *kind = q->words[q->count - 4], *id = q->words[q->count - 3];
	struct one *w = buf_alloc(sizeof(*w));

	*w = (struct one){.is_file = strcmp(kind, "files") == 0, .wd = -1};
	snprintf(w->notebook, sizeof(w->notebook), "%s", root_name_check(notebook) ? "" : notebook);
	snprintf(w->id, sizeof(w->id), "%s", id);
	if (w->is_file || query_page(q, JOB_STATUS_ITEMS, &w->limit, &w->offset, r)) {
		for (struct one *known = o->first; known; known = known->next)
			if (!known->source.done && is_same(known, w)) {
				free(w);
				known->source.viewers++;
				return &known->source;
			}
		if (look_at(o, w, r)) {
			w->next = o->first;
			o->first = w;
			w->source.viewers = 1;
			watch(o, w);
			touch(w); /* it may have changed before it was watched */
			return &w->source;
		}
	}
	buf_free(&w->source.text);
	free(w);
	return NULL;
}

void
ones_unfollow(struct ones *o, struct source *s)
{
	struct one *w = (struct one *)(void *)s;

	if (--s->viewers > 0)
		return;
	for (struct one **at = &o->first; *at; at = &(*at)->next)
		if (*at == w) {
			*at = w->next;
			break;
		}
	unwatch(o, w->wd);
	buf_free(&s->text);
	free(w);
}
