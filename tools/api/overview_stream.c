/* The document of all batches, for stream.c. What tells of changes is watch_root.h. */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/msg.h"
#include "batch/watch_root.h"
#include "client_loop.h"
#include "stream.h"

struct all {
	struct api *api;
	struct status *status;
	struct source source;
	struct watch_root *follow; /* NULL: nobody follows, or there is no inotify */
	int64_t look, whole;       /* when to look, and at all */
	int64_t earliest;          /* not to look before that */
	bool again;                /* one more look is due after this one */
};

struct all *
all_new(struct api *api)
{
	struct all *a = buf_alloc(sizeof(*a));

	*a = (struct all){.api = api, .look = LOOP_NEVER, .whole = LOOP_NEVER};
	a->status = status_new(&api->root);
	return a;
}

/* --- what happens to batches --- */

static void
watch_batch(const char *name, void *arg)
{
	struct all *a = arg;

	(void)watch_root_add_batch(a->follow, name);
}

static void
watch_all(struct all *a)
{
	if (!a->follow)
		a->follow = watch_root_open(&a->api->root);
	if (a->follow)
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
	watch_root_close(a->follow);
	a->follow = NULL;
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
heed(const struct watch_root_event *e, void *arg)
{
	struct all *a = arg;

	if (e->what == WATCH_ROOT_LEASES)
		return;
	if (e->what == WATCH_ROOT_LOST)
		a->whole = 0;
	status_touch(a->status, e->name);
	look_soon(a);
}

int
all_fd(const struct all *a)
{
	return a->follow ? watch_root_fd(a->follow) : -1;
}

void
all_handle_events(struct all *a)
{
	watch_root_handle_events(a->follow, heed, a);
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

	if (a->follow)
		all_handle_events(a);
	if (status_look(a->status, !a->follow) < 0)
		reply_error(r, 500, "cannot_read", "the batches cannot be listed: %s", strerror(errno));
	else
		buf_add(&r->body, d->data, d->len);
	buf_str(&r->body, "\n");
	reply_header(r, "Cache-Control", "no-store");
}
