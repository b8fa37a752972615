#include "overview_stream.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/msg.h"
#include "batch/watch_root.h"
#include "status_document.h"

struct overview_stream {
	struct api *api;
	struct loop *loop;
	struct status_document *status;
	struct stream_source source;
	struct watch_root *follow;      /* NULL: no client follows, or there is no inotify */
	struct loop_watcher watcher;    /* of that */
	struct loop_timer touched, all; /* to check the changed batches, and all batches */
	int64_t earliest;               /* no check before that */
	bool again;                     /* one more check is due after the next */
};

/* --- what happens to batches --- */

static void
watch_batch(const char *name, void *arg)
{
	struct overview_stream *a = arg;

	(void)watch_root_add_batch(a->follow, name);
}

static void
watch_all(struct overview_stream *a)
{
	if (!a->follow && (a->follow = watch_root_open(&a->api->root)))
		(void)loop_watch(a->loop, &a->watcher, watch_root_fd(a->follow), EPOLLIN);
	if (a->follow)
		status_document_each(a->status, watch_batch, a);
}

static void
on_event(const struct watch_root_event *e, void *arg)
{
	struct overview_stream *a = arg;

	if (e->what == WATCH_ROOT_LEASES)
		return;
	if (e->what == WATCH_ROOT_LOST)
		loop_set_timer(a->loop, &a->all, 0);
	status_document_touch(a->status, e->name);
	a->again = true;
	if (!a->touched.at || a->touched.due > a->earliest)
		loop_set_timer(a->loop, &a->touched, a->earliest);
}

static void
on_changes(void *arg, uint32_t events)
{
	struct overview_stream *a = arg;

	(void)events;
	watch_root_handle_events(a->follow, on_event, a);
}

/* --- the document --- */

static void
update_document(struct overview_stream *a, bool all)
{
	struct buf text = {0};
	const struct buf *d;
	int64_t now = clock_ms();

	a->earliest = now + STREAM_EVERY_MS;
	if (all)
		loop_set_timer(a->loop, &a->all, now + STREAM_ALL_MS);
	if (status_document_update(a->status, all) < 0)
		msg_warn_errno("cannot list the batches of %s", a->api->root.path);
	watch_all(a);
	if (a->again || status_document_moves(a->status))
		loop_set_timer(a->loop, &a->touched, now + STREAM_AGAIN_MS);
	else
		loop_stop_timer(a->loop, &a->touched);
	a->again = false;
	d = status_document_text(a->status);
	buf_add(&text, d->data, d->len);
	stream_source_set(&a->source, &text);
}

static void
update_touched(void *arg)
{
	update_document(arg, false);
}

static void
update_all(void *arg)
{
	update_document(arg, true);
}

/* --- clients --- */

struct overview_stream *
overview_new(struct api *api, struct loop *loop)
{
	struct overview_stream *a = buf_alloc(sizeof(*a));

	*a = (struct overview_stream){.api = api, .loop = loop, .status = status_document_new(&api->root)};
	a->watcher = (struct loop_watcher){.call = on_changes, .arg = a};
	a->touched = (struct loop_timer){.call = update_touched, .arg = a};
	a->all = (struct loop_timer){.call = update_all, .arg = a};
	return a;
}

struct stream_source *
overview_follow(struct overview_stream *a)
{
	if (a->source.viewers++ == 0) {
		watch_all(a);
		update_document(a, true);
	}
	return &a->source;
}

void
overview_unfollow(struct overview_stream *a)
{
	if (--a->source.viewers > 0)
		return;
	loop_unwatch(a->loop, &a->watcher);
	loop_stop_timer(a->loop, &a->touched);
	loop_stop_timer(a->loop, &a->all);
	watch_root_close(a->follow);
	a->follow = NULL;
}

void
overview_answer(struct overview_stream *a, struct reply *r)
{
	const struct buf *d = status_document_text(a->status);

	if (a->follow)
		watch_root_handle_events(a->follow, on_event, a);
	if (status_document_update(a->status, !a->follow) < 0)
		reply_error(r, 500, "cannot_read", "the batches cannot be listed: %s", strerror(errno));
	else
		buf_add(&r->body, d->data, d->len);
	buf_str(&r->body, "\n");
	reply_header(r, "Cache-Control", "no-store");
}
