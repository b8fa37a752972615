/*
 * What wakes the loop of all clients (loop.h) beside them is inotify, while anybody streams: each batch's
 * directory, batches/ and review/. A document goes to those who stream when it differs from the last, at most every
 * EVERY_MS; a client that is slow misses some and gets the newest. The close of a batch's `lock` is told just before
 * the kernel drops that lock, so after each look at what was touched there is one more; and in case that inotify misses
 * something (it does on network file systems) all is looked at every ALL_MS.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "api.h"
#include "clock.h"
#include "loop.h"
#include "msg.h"

enum { STREAMS_MOST = 200, EVERY_MS = 500, AGAIN_MS = 1000, ALL_MS = 5000, BEAT_MS = 15000 };

/* One that streams. Its client's deadline is when it is to hear something, so that one that has gone is noticed; or to
 * have taken some of what is on its way. */
struct streamer {
	bool behind; /* a newer document waits until the last is sent */
};

struct watch {
	int wd;
	char *name; /* of a batch */
};

struct streaming {
	struct api *api;
	struct status *status;
	struct loop loop;
	size_t streams; /* how many of its clients stream */
	int ino;        /* -1: nobody streams, or there is no inotify */
	struct watch *watches;
	size_t watches_n;
	struct buf last;   /* the document that was sent last */
	int64_t look, all; /* when to look, and at all */
	int64_t earliest;  /* not to look before that */
	bool again;        /* one more look is due after this one */
};

/* --- what happens to batches --- */

static int
add_watch(struct streaming *s, const char *dir, const char *name, uint32_t mask)
{
	struct buf path = {0};
	int wd;

	buf_printf(&path, "%s/%s%s%s", s->api->root.path, dir, name ? "/" : "", name ? name : "");
	wd = inotify_add_watch(s->ino, path.data, mask | IN_ONLYDIR | IN_DONT_FOLLOW);
	buf_free(&path);
	return wd;
}

static void
watch_batch(const char *name, void *arg)
{
	struct streaming *s = arg;
	int wd = add_watch(s, "batches", name, IN_MODIFY | IN_CLOSE_WRITE | IN_CREATE | IN_MOVED_TO);

	/* One that is watched already has the same number again. */
	for (size_t i = 0; i < s->watches_n; i++)
		if (s->watches[i].wd == wd)
			return;
	if (wd < 0)
		return;
	s->watches = buf_realloc(s->watches, (s->watches_n + 1) * sizeof(*s->watches));
	s->watches[s->watches_n++] = (struct watch){wd, buf_strdup(name)};
}

static void
watch_all(struct streaming *s)
{
	if (s->ino < 0)
		s->ino = s->loop.fds[0].fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (s->ino < 0)
		return;
	add_watch(s, "batches", NULL, IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE);
	add_watch(s, "review", NULL, IN_CREATE | IN_MOVED_TO);
	status_each(s->status, watch_batch, s);
}

static void
unwatch(struct streaming *s)
{
	if (s->ino >= 0)
		close(s->ino);
	s->ino = s->loop.fds[0].fd = -1;
	for (size_t i = 0; i < s->watches_n; i++)
		free(s->watches[i].name);
	s->watches_n = 0;
	s->look = s->all = LOOP_NEVER;
}

static void
look_soon(struct streaming *s)
{
	int64_t at = clock_ms();

	at = at < s->earliest ? s->earliest : at;
	if (at < s->look)
		s->look = at;
	s->again = true;
}

static void
heed(struct streaming *s, const struct inotify_event *e)
{
	if (e->mask & IN_Q_OVERFLOW)
		s->all = 0;
	for (size_t i = 0; i < s->watches_n; i++) {
		if (s->watches[i].wd != e->wd)
			continue;
		status_touch(s->status, s->watches[i].name);
		if (e->mask & IN_IGNORED) { /* the batch has gone */
			free(s->watches[i].name);
			s->watches[i] = s->watches[--s->watches_n];
		}
		break;
	}
	look_soon(s);
}

static void
heed_all(struct loop *l)
{
	struct streaming *s = l->arg;
	_Alignas(struct inotify_event) char events[16384];
	ssize_t got;

	while ((got = read(s->ino, events, sizeof(events))) > 0)
		for (char *at = events; at < events + got;) {
			const struct inotify_event *e = (const struct inotify_event *)(void *)at;

			heed(s, e);
			at += sizeof(*e) + e->len;
		}
}

/* --- clients --- */

static void
send_event(struct streaming *s, struct client *c)
{
	const struct buf *d = status_document(s->status);
	struct streamer *own = c->own;

	own->behind = c->out.len > c->sent;
	if (own->behind)
		return;
	buf_clear(&c->out);
	c->sent = 0;
	buf_str(&c->out, "data: ");
	buf_add(&c->out, d->data, d->len);
	buf_str(&c->out, "\n\n");
	c->deadline = clock_ms() + BEAT_MS;
}

static void
send_all(struct streaming *s)
{
	for (size_t i = 0; i < s->loop.n; i++)
		if (s->loop.clients[i]->own)
			send_event(s, s->loop.clients[i]);
}

/* Looks at what is due, and tells everybody if it is news. */
static void
look(struct streaming *s)
{
	const struct buf *d = status_document(s->status);
	int64_t now = clock_ms();
	bool all = now >= s->all;

	s->earliest = now + EVERY_MS;
	s->look = s->again ? now + AGAIN_MS : LOOP_NEVER;
	s->again = false;
	if (all)
		s->all = now + ALL_MS;
	if (status_look(s->status, all) < 0)
		msg_warn_errno("cannot list the batches of %s", s->api->root.path);
	watch_all(s);
	if (status_moves(s->status) && s->look > now + AGAIN_MS)
		s->look = now + AGAIN_MS;
	if (d->len == s->last.len && memcmp(d->data, s->last.data, d->len) == 0)
		return;
	buf_clear(&s->last);
	buf_add(&s->last, d->data, d->len);
	send_all(s);
}

/* The answer of a request for the status, or the beginning of a stream. */
static void
begin_status(struct api *api, const struct request *q, struct reply *r)
{
	(void)api;
	(void)q;
	reply_header(r, "Cache-Control", "no-store");
}

static const struct route routes[] = {
	{"GET", "status", begin_status},
	{"GET", "status/stream", begin_status},
};

static void
begin_stream(struct streaming *s, struct client *c, struct reply *r)
{
	struct streamer *own = buf_alloc(sizeof(*own));

	*own = (struct streamer){.behind = true}; /* the document comes as soon as these are sent */
	buf_str(&c->out, "Status: 200 OK\r\nContent-Type: text/event-stream\r\nX-Accel-Buffering: no\r\n");
	buf_add(&c->out, r->headers.data, r->headers.len);
	buf_str(&c->out, "\r\nretry: 2000\n\n");
	c->own = own;
	c->deadline = clock_ms() + BEAT_MS;
	s->streams++;
	if (s->ino < 0 && s->all == LOOP_NEVER) {
		watch_all(s);
		s->all = 0;
		look(s);
		watch_all(s);
	}
}

/* The document as of now. Those who stream get what is new of it in their time. */
static void
answer_once(struct streaming *s, struct reply *r)
{
	const struct buf *d = status_document(s->status);

	if (s->ino >= 0)
		heed_all(&s->loop);
	if (status_look(s->status, s->ino < 0) < 0)
		reply_error(r, 500, "cannot_read", "the batches cannot be listed: %s", strerror(errno));
	else
		buf_add(&r->body, d->data, d->len);
	buf_str(&r->body, "\n");
}

static void
answer_client(struct streaming *s, struct client *c)
{
	struct reply r = {.status = 200};
	const struct route *found = NULL;
	const char *method = scgi_get(&c->scgi, "REQUEST_METHOD");
	bool head = method && strcmp(method, "HEAD") == 0, streams;
	struct request q;

	if (guard_host(s->api, &c->scgi, &r) && !guard_preflight(s->api, &c->scgi, &r))
		found = route_find(routes, sizeof(routes) / sizeof(*routes), &c->scgi, &q, &r);
	streams = found && q.count == 2 && !head;
	if (found)
		found->answer(s->api, &q, &r);
	if (streams && s->streams >= STREAMS_MOST) {
		reply_error(&r, 503, "busy", "%d pages watch already; ask for status/ now and then", STREAMS_MOST);
		streams = false;
	} else if (found && !streams) {
		answer_once(s, &r);
	}
	guard_mark(s->api, &c->scgi, &r);
	if (streams)
		begin_stream(s, c, &r);
	else
		loop_answer(c, &r, head);
	reply_free(&r);
	scgi_free(&c->scgi);
}

static bool
said(struct loop *l, struct client *c)
{
	enum scgi_state state;

	if (c->own)
		return false; /* one that streams has nothing more to say */
	state = scgi_look(&c->scgi, 0);
	if (state == SCGI_WHOLE || state == SCGI_LONG)
		answer_client(l->arg, c);
	return state != SCGI_BAD;
}

/* It took some of what was on its way. */
static bool
told(struct loop *l, struct client *c)
{
	struct streamer *own = c->own;

	c->deadline = clock_ms() + BEAT_MS;
	if (own->behind)
		send_event(l->arg, c);
	return true;
}

static bool
late(struct loop *l, struct client *c)
{
	(void)l;
	if (!c->own || c->sent < c->out.len)
		return false; /* it comes again if it still wants to know */
	buf_clear(&c->out);
	c->sent = 0;
	buf_str(&c->out, ": still here\n\n");
	c->deadline = clock_ms() + BEAT_MS;
	return true;
}

static void
left(struct loop *l, struct client *c)
{
	struct streaming *s = l->arg;

	if (c->own)
		s->streams--;
	free(c->own);
}

int
stream(struct api *api)
{
	static const struct loop_calls calls = {said, late, told, left};
	struct streaming *s = buf_alloc(sizeof(*s));

	*s = (struct streaming){.api = api, .ino = -1, .look = LOOP_NEVER, .all = LOOP_NEVER};
	s->status = status_new(&api->root);
	loop_open(&s->loop, &calls, s);
	s->loop.fds[0].heed = heed_all;
	for (;;) {
		loop_turn(&s->loop, s->look < s->all ? s->look : s->all);
		if (clock_ms() >= s->look || clock_ms() >= s->all)
			look(s);
		if (s->streams == 0 && s->all != LOOP_NEVER)
			unwatch(s);
	}
}
