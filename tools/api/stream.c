/*
 * Those who watch, all in one loop (client_loop.h). A document goes to those who watch it when it has changed, at most
 * every STREAM_EVERY_MS; a client that is slow misses some and gets the newest. After one that will not change any more
 * comes an event `end`.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/lock.h"
#include "base/msg.h"
#include "client_loop.h"
#include "stream.h"

enum { STREAMS_MAX = 200, BEAT_MS = 15000 };

/* A client that watches. */
struct viewer {
	struct source *source;
	uint64_t version; /* the last that it was sent; 0: none */
	size_t sent;      /* of its OUT at the last beat */
};

struct streaming {
	struct api *api;
	struct loop loop;
	struct all *all;
	struct ones *ones;
	struct source *of_all; /* that of ALL while anybody follows it */
	size_t streams;
};

void
source_set(struct source *s, struct buf *text)
{
	if (s->version && s->text.len == text->len && memcmp(s->text.data, text->data, text->len) == 0) {
		buf_free(text);
		return;
	}
	buf_free(&s->text);
	s->text = *text;
	*text = (struct buf){0};
	s->version++;
}

/* --- events --- */

/* Sends what is new, once what was new before is sent. */
static void
send_event(struct client *c)
{
	struct viewer *v = c->own;
	const struct source *s = v->source;

	if (c->out.len > c->sent || (v->version == s->version && !s->done))
		return;
	buf_clear(&c->out);
	c->sent = 0;
	if (v->version != s->version) {
		buf_str(&c->out, "data: ");
		buf_add(&c->out, s->text.data, s->text.len);
		buf_str(&c->out, "\n\n");
		v->version = s->version;
	}
	c->deadline = clock_ms() + BEAT_MS;
	v->sent = 0;
	if (s->done) {
		buf_str(&c->out, "event: end\ndata: {}\n\n");
		c->answered = true;
	}
}

static void
send_all(const struct streaming *s)
{
	for (size_t i = 0; i < s->loop.n; i++)
		if (s->loop.clients[i]->own && !s->loop.clients[i]->answered)
			send_event(s->loop.clients[i]);
}

/* --- requests --- */

static void
watched(struct api *api, const struct request *q, struct reply *r)
{
	(void)api;
	(void)q;
	(void)r;
}

static const struct route routes[] = {
	{"GET", "status", watched},
	{"GET", "status/stream", watched},
	{"GET", "notebooks/*/batch-jobs/*/status/stream", watched},
	{"GET", "*/batch-jobs/*/status/stream", watched},
	{"GET", "notebooks/*/files/*/status/stream", watched},
};

/* The source that Q asks for. NULL after making R the error. */
static struct source *
follow(struct streaming *s, const struct request *q, struct reply *r)
{
	if (s->streams >= STREAMS_MAX) {
		reply_error(r, 503, "busy", "%d pages watch already; ask for the status now and then", STREAMS_MAX);
		return NULL;
	}
	return q->count == 2 ? s->of_all = all_follow(s->all) : ones_follow(s->ones, q, r);
}

static void
begin_stream(struct streaming *s, struct client *c, struct source *source, struct reply *r)
{
	struct viewer *v = buf_alloc(sizeof(*v));

	v->source = source;
	c->own = v;
	s->streams++;
	buf_str(&c->out, "Status: 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n"
			 "X-Accel-Buffering: no\r\n");
	if (r->headers.len)
		buf_add(&c->out, r->headers.data, r->headers.len);
	buf_str(&c->out, "\r\nretry: 2000\n\n");
	c->deadline = clock_ms() + BEAT_MS; /* the document comes as soon as these are sent */
	scgi_free(&c->scgi);
}

static void
answer_client(struct streaming *s, struct client *c)
{
	struct reply r = {.status = 200};
	const struct route *found;
	struct source *source = NULL;
	const char *method = scgi_get(&c->scgi, "REQUEST_METHOD");
	bool head = method && strcmp(method, "HEAD") == 0;
	struct request q;

	found = route_request(s->api, routes, sizeof(routes) / sizeof(*routes), &c->scgi, &q, &r);
	if (found && (q.count == 1 || (q.count == 2 && head)))
		all_answer(s->all, &r);
	else if (found)
		source = follow(s, &q, &r);
	guard_mark(s->api, &c->scgi, &r);
	if (source && !head) {
		begin_stream(s, c, source, &r);
	} else {
		if (source)
			ones_unfollow(s->ones, source);
		loop_answer(c, &r, head);
	}
	reply_free(&r);
}

/* --- clients --- */

static bool
said(struct loop *l, struct client *c)
{
	enum scgi_state state;

	if (c->own)
		return false;
	state = scgi_parse(&c->scgi, 0);
	if (state == SCGI_WHOLE || state == SCGI_LONG)
		answer_client(l->arg, c);
	return state != SCGI_BAD;
}

/* A client that watches hears something now and then, so that one that has gone is noticed; one that has taken nothing
 * of what is on its way comes again if it still wants to know. */
static bool
late(struct loop *l, struct client *c)
{
	struct viewer *v = c->own;

	(void)l;
	if (!v || (c->sent < c->out.len && c->sent == v->sent))
		return false;
	v->sent = c->sent;
	if (c->sent == c->out.len) {
		buf_clear(&c->out);
		c->sent = v->sent = 0;
		buf_str(&c->out, ": still here\n\n");
	}
	c->deadline = clock_ms() + BEAT_MS;
	return true;
}

static bool
told(struct loop *l, struct client *c)
{
	(void)l;
	if (c->own) {
		c->deadline = clock_ms() + BEAT_MS;
		send_event(c);
	}
	return true;
}

static void
left(struct loop *l, struct client *c)
{
	struct streaming *s = l->arg;
	struct viewer *v = c->own;

	if (!v)
		return;
	if (v->source == s->of_all)
		all_unfollow(s->all);
	else
		ones_unfollow(s->ones, v->source);
	s->streams--;
	free(v);
	c->own = NULL;
}

/* --- the loop --- */

static void
handle_all_streams(struct loop *l)
{
	all_handle_events(((struct streaming *)l->arg)->all);
}

static void
handle_one_streams(struct loop *l)
{
	ones_handle_events(((struct streaming *)l->arg)->ones);
}

static bool
is_late(void *arg)
{
	return clock_ms() >= ((const struct api *)arg)->deadline;
}

static void
turn(struct streaming *s)
{
	int64_t all = all_due(s->all), one = ones_due(s->ones);

	s->loop.fds[0].fd = all_fd(s->all);
	s->loop.fds[1].fd = ones_fd(s->ones);
	loop_turn(&s->loop, all < one ? all : one);
	if (clock_ms() >= all_due(s->all))
		all_look(s->all);
	ones_look(s->ones);
	send_all(s);
}

int
stream(struct api *api)
{
	static const struct loop_calls calls = {.said = said, .late = late, .told = told, .left = left};
	struct streaming *s = buf_alloc(sizeof(*s));

	*s = (struct streaming){.api = api, .all = all_new(api), .ones = ones_new(api)};
	api->kept = kept_new();
	lock_interruptible(is_late, api);
	loop_open(&s->loop, &calls, s);
	s->loop.fds[0].heed = handle_all_streams;
	s->loop.fds[1].heed = handle_one_streams;
	for (;;)
		turn(s);
}
