#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "batch/job_status.h"
#include "batch/watch_root.h"
#include "files.h"
#include "job_stream.h"
#include "jobs.h"
#include "query.h"

/* Reading one document may take at most one part in so many of the time. */
enum { LOOK_SHARE = 50 };

struct job_stream {
	struct stream_source source; /* the first member, because this is what the callers get */
	char notebook[BATCH_NAME_MAX + 1], id[API_WORD_MAX];
	bool is_file;
	uint64_t limit, offset; /* of a job's items */
	char batch[BATCH_NAME_MAX + 1];
	struct job_streams *streams;
	struct loop_timer timer; /* when to check */
	int64_t earliest;        /* no check before that */
	bool again;              /* one more check is due after the next */
	struct job_stream *next;
};

struct job_streams {
	struct api *api;
	struct loop *loop;
	struct job_stream *first;
	struct watch_root *watch;    /* NULL: no client follows, or there is no inotify */
	struct loop_watcher watcher; /* of that */
};

/* --- what happens to batches --- */

static void
watch_batch(struct job_streams *o, const char *batch)
{
	if (!o->watch && (o->watch = watch_root_open(&o->api->root)))
		(void)loop_watch(o->loop, &o->watcher, watch_root_fd(o->watch), EPOLLIN);
	if (o->watch)
		(void)watch_root_add_batch(o->watch, batch);
}

static void
unwatch_batch(struct job_streams *o, const char *batch)
{
	for (const struct job_stream *w = o->first; w; w = w->next)
		if (strcmp(w->batch, batch) == 0)
			return;
	if (o->watch)
		watch_root_remove_batch(o->watch, batch);
	if (o->first)
		return;
	loop_unwatch(o->loop, &o->watcher);
	watch_root_close(o->watch);
	o->watch = NULL;
}

static void
touch_stream(struct job_stream *w)
{
	if (w->source.done)
		return;
	w->again = true;
	if (!w->timer.at || w->timer.due > w->earliest)
		loop_set_timer(w->streams->loop, &w->timer, w->earliest);
}

static void
on_event(const struct watch_root_event *e, void *arg)
{
	const struct job_streams *o = arg;

	if (e->what == WATCH_ROOT_REVIEW || e->what == WATCH_ROOT_LEASES)
		return;
	for (struct job_stream *w = o->first; w; w = w->next)
		if (e->what == WATCH_ROOT_LOST || strcmp(e->name, w->batch) == 0)
			touch_stream(w);
}

static void
on_changes(void *arg, uint32_t events)
{
	struct job_streams *o = arg;

	(void)events;
	watch_root_handle_events(o->watch, on_event, o);
}

/* --- documents --- */

/* Rebuilds the document of W. False after making R the error. */
static bool
update_stream(struct job_stream *w, struct reply *r)
{
	struct api *api = w->streams->api;
	int64_t now = clock_ms();
	struct buf text = {0};
	const char *batch;

	api->deadline = now + API_REQUEST_MS;
	batch = w->is_file ? files_print_status(api, w->notebook, w->id, &text, &w->source.done, r)
			   : jobs_print_status(api, w->notebook, w->id, w->limit, w->offset, &text, &w->source.done, r);
	if (!batch) {
		buf_free(&text);
		return false;
	}
	/* Long documents are rebuilt less often. */
	w->earliest = now + STREAM_EVERY_MS + LOOK_SHARE * (clock_ms() - now);
	snprintf(w->batch, sizeof(w->batch), "%s", batch);
	stream_source_set(&w->source, &text);
	if (!w->source.done)
		loop_set_timer(w->streams->loop, &w->timer, now + (w->again ? STREAM_AGAIN_MS : STREAM_ALL_MS));
	w->again = false;
	return true;
}

static void
on_timer(void *arg)
{
	struct job_stream *w = arg;
	struct reply r = {.status = 200};

	/* A document that can no longer be read keeps its last state, and ends. */
	if (!update_stream(w, &r))
		w->source.done = true;
	reply_free(&r);
}

/* --- who asks for them --- */

struct job_streams *
job_streams_new(struct api *api, struct loop *loop)
{
	struct job_streams *o = buf_alloc(sizeof(*o));

	*o = (struct job_streams){.api = api, .loop = loop};
	o->watcher = (struct loop_watcher){.call = on_changes, .arg = o};
	return o;
}

static bool
is_same(const struct job_stream *a, const struct job_stream *b)
{
	return a->is_file == b->is_file && a->limit == b->limit && a->offset == b->offset &&
	       strcmp(a->id, b->id) == 0 && strcmp(a->notebook, b->notebook) == 0;
}

struct stream_source *
job_streams_follow(struct job_streams *o, const struct request *q, struct reply *r)
{
	/* [notebooks/]NB/batch-jobs/ID/status/stream, notebooks/NB/files/ID/status/stream. */
	const char *notebook = q->words[q->count - 5], *kind = q->words[q->count - 4], *id = q->words[q->count - 3];
	struct job_stream *w = buf_alloc(sizeof(*w));

	*w = (struct job_stream){.is_file = strcmp(kind, "files") == 0, .streams = o};
	w->timer = (struct loop_timer){.call = on_timer, .arg = w};
	snprintf(w->notebook, sizeof(w->notebook), "%s", root_name_check(notebook) ? "" : notebook);
	snprintf(w->id, sizeof(w->id), "%s", id);
	if (w->is_file || query_page(q, JOB_STATUS_ITEMS, &w->limit, &w->offset, r)) {
		for (struct job_stream *known = o->first; known; known = known->next)
			if (!known->source.done && is_same(known, w)) {
				free(w);
				known->source.viewers++;
				return &known->source;
			}
		if (update_stream(w, r)) {
			w->next = o->first;
			o->first = w;
			w->source.viewers = 1;
			watch_batch(o, w->batch);
			touch_stream(w); /* it may have changed before the watch began */
			return &w->source;
		}
	}
	buf_free(&w->source.text);
	free(w);
	return NULL;
}

void
job_streams_unfollow(struct job_streams *o, struct stream_source *s)
{
	struct job_stream *w = (struct job_stream *)(void *)s;

	if (--s->viewers > 0)
		return;
	for (struct job_stream **at = &o->first; *at; at = &(*at)->next)
		if (*at == w) {
			*at = w->next;
			break;
		}
	loop_stop_timer(o->loop, &w->timer);
	unwatch_batch(o, w->batch);
	buf_free(&s->text);
	free(w);
}
