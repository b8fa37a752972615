#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/msg.h"
#include "batch/watch_root.h"
#include "client_loop.h"
#include "overview_stream.h"
#include "status_document.h"

struct overview_stream {
	struct api *api;
	struct status_document *status;
	struct stream_source source;
	struct follow *follow; /* NULL: nobody follows, or there is no inotify */
	int64_t look, whole;   /* when to look, and at all */
	int64_t earliest;      /* not to look before that */
	bool again;            /* one more look is due after this one */
};

struct overview_stream *
overview_new(struct api *api)
{
	struct overview_stream *a = buf_alloc(sizeof(*a));

	*a = (struct overview_stream){.api = api, .look = LOOP_NEVER, .whole = LOOP_NEVER};
	a->status = status_document_new(&api->root);
	return a;
}

/* --- what happens to batches --- */

static void
watch_batch(const char *name, void *arg)
{
	struct overview_stream *a = arg;

	(void)follow_batch(a->follow, name);
}

static void
watch_all(struct overview_stream *a)
{
	if (!a->follow)
		a->follow = follow_open(&a->api->root);
	if (a->follow)
		status_document_each(a->status, watch_batch, a);
}

struct stream_source *
overview_follow(struct overview_stream *a)
{
	if (a->source.viewers++ > 0)
		return &a->source;
	watch_all(a);
	a->whole = 0;
	overview_look(a);
	watch_all(a);
	return &a->source;
}

void
overview_unfollow(struct overview_stream *a)
{
	if (--a->source.viewers > 0)
		return;
	follow_close(a->follow);
	a->follow = NULL;
	a->look = a->whole = LOOP_NEVER;
}

static void
look_soon(struct overview_stream *a)
{
	int64_t at = clock_ms();

	at = at < a->earliest ? a->earliest : at;
	if (at < a->look)
		a->look = at;
	a->again = true;
}

static void
on_event(const struct follow_event *e, void *arg)
{
	struct overview_stream *a = arg;

	if (e->what == FOLLOW_LEASES)
		return;
	if (e->what == FOLLOW_LOST)
		a->whole = 0;
	status_document_touch(a->status, e->name);
	look_soon(a);
}

int
overview_fd(const struct overview_stream *a)
{
	return a->follow ? follow_fd(a->follow) : -1;
}

void
overview_heed(struct overview_stream *a)
{
	follow_heed(a->follow, on_event, a);
}

/* --- the document --- */

int64_t
overview_due(const struct overview_stream *a)
{
	return a->look < a->whole ? a->look : a->whole;
}

void
overview_look(struct overview_stream *a)
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
	if (status_document_update(a->status, whole) < 0)
		msg_warn_errno("cannot list the batches of %s", a->api->root.path);
	watch_all(a);
	if (status_document_moves(a->status) && a->look > now + STREAM_AGAIN_MS)
		a->look = now + STREAM_AGAIN_MS;
	d = status_document_text(a->status);
	buf_add(&text, d->data, d->len);
	stream_source_set(&a->source, &text);
}

void
overview_answer(struct overview_stream *a, struct reply *r)
{
	const struct buf *d = status_document_text(a->status);

	if (a->follow)
		overview_heed(a);
	if (status_document_update(a->status, !a->follow) < 0)
		reply_error(r, 500, "cannot_read", "the batches cannot be listed: %s", strerror(errno));
	else
		buf_add(&r->body, d->data, d->len);
	buf_str(&r->body, "\n");
	reply_header(r, "Cache-Control", "no-store");
}
