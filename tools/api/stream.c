/* Streams to all watching clients, in one loop (client_loop.h). A document is sent to its watchers when it has changed,
 * at most every STREAM_EVERY_MS; a slow client misses some versions and gets the newest. After a document that will not
 * change again comes an event `end`. */
#include <stdlib.h>
#include <string.h>

#include "auth.h"
#include "base/clock.h"
#include "base/lock.h"
#include "batch_cache.h"
#include "client_loop.h"
#include "job_stream.h"
#include "overview_stream.h"
#include "route.h"
#include "stream.h"

enum { STREAMS_MAX = 200, BEAT_MS = 15000 };

/* A client that watches. */
struct viewer {
	struct stream_source *source;
	uint64_t version; /* the last version that was sent; 0: none */
	size_t sent;      /* the length of its OUT at the last beat */
};

struct streaming {
	struct api *api;
	struct client_loop clients;
	struct overview_stream *all;
	struct job_streams *ones;
	struct stream_source *of_all; /* of ALL, while any client follows it */
	size_t streams;
};

/* --- events --- */

/* Sends the newest version, once the previous one has been sent. */
static void
send_event(struct client *c)
{
	struct viewer *v = c->own;
	const struct stream_source *s = v->source;

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
	client_set_deadline(c, clock_ms() + BEAT_MS);
	v->sent = 0;
	if (s->done) {
		buf_str(&c->out, "event: end\ndata: {}\n\n");
		c->answered = true;
	}
}

static void
send_all(const struct streaming *s)
{
	for (size_t i = 0; i < s->clients.n; i++) {
		struct client *c = s->clients.v[i];

		if (!c->own || c->answered)
			continue;
		send_event(c);
		client_send_soon(c);
	}
}

/* --- requests --- */

static const struct route routes[] = {
	{"GET", "status", NULL},
	{"GET", "status/stream", NULL},
	{"GET", "notebooks/*/batch-jobs/*/status/stream", NULL},
	{"GET", "*/batch-jobs/*/status/stream", NULL},
	{"GET", "notebooks/*/files/*/status/stream", NULL},
};

/* The source that Q asks for. NULL after making R the error. */
static struct stream_source *
follow_source(struct streaming *s, const struct request *q, struct reply *r)
{
	if (s->streams >= STREAMS_MAX) {
		reply_error(r, 503, "busy", "%d clients are already watching; request the status now and then instead",
			    STREAMS_MAX);
		return NULL;
	}
	return q->count == 2 ? s->of_all = overview_follow(s->all) : job_streams_follow(s->ones, q, r);
}

static void
begin_stream(struct streaming *s, struct client *c, struct stream_source *source, struct reply *r)
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
	client_set_deadline(c, clock_ms() + BEAT_MS); /* the document follows as soon as the headers are sent */
	scgi_free(&c->scgi);
}

static void
answer_client(struct streaming *s, struct client *c)
{
	struct reply r = {.status = 200};
	const struct route *found;
	struct stream_source *source = NULL;
	const char *method = scgi_get(&c->scgi, "REQUEST_METHOD");
	bool head = method && strcmp(method, "HEAD") == 0;
	struct request q;

	found = route_request(s->api, routes, sizeof(routes) / sizeof(*routes), &c->scgi, &q, &r);
	if (found && (q.count == 1 || (q.count == 2 && head)))
		overview_answer(s->all, &r);
	else if (found)
		source = follow_source(s, &q, &r);
	auth_mark(s->api, &c->scgi, &r);
	if (source && !head) {
		begin_stream(s, c, source, &r);
	} else {
		if (source)
			job_streams_unfollow(s->ones, source);
		client_answer(c, &r, head);
	}
	reply_free(&r);
}

/* --- clients --- */

static bool
on_request(struct client *c)
{
	enum scgi_state state;

	if (c->own)
		return false;
	state = scgi_parse(&c->scgi, 0);
	if (state == SCGI_WHOLE || state == SCGI_LONG)
		answer_client(c->clients->arg, c);
	return state != SCGI_BAD;
}

/* Each watching client gets a line now and then, so that a lost connection is noticed. A client that has received
 * nothing since the last one is disconnected, and can connect again. */
static bool
on_deadline(struct client *c)
{
	struct viewer *v = c->own;

	if (!v || (c->sent < c->out.len && c->sent == v->sent))
		return false;
	v->sent = c->sent;
	if (c->sent == c->out.len) {
		buf_clear(&c->out);
		c->sent = v->sent = 0;
		buf_str(&c->out, ": still here\n\n");
	}
	client_set_deadline(c, clock_ms() + BEAT_MS);
	return true;
}

static void
on_sent(struct client *c)
{
	if (!c->own)
		return;
	client_set_deadline(c, clock_ms() + BEAT_MS);
	send_event(c);
}

static void
on_drop(struct client *c)
{
	struct streaming *s = c->clients->arg;
	struct viewer *v = c->own;

	if (!v)
		return;
	if (v->source == s->of_all)
		overview_unfollow(s->all);
	else
		job_streams_unfollow(s->ones, v->source);
	s->streams--;
	free(v);
	c->own = NULL;
}

/* --- the loop --- */

static bool
is_late(void *arg)
{
	return clock_ms() >= ((const struct api *)arg)->deadline;
}

int
stream_serve(struct api *api)
{
	static const struct client_calls calls = {on_request, on_deadline, on_sent, on_drop};
	struct streaming *s = buf_alloc(sizeof(*s));

	*s = (struct streaming){.api = api};
	api->cache = batch_cache_new();
	lock_interruptible(is_late, api);
	clients_open(&s->clients, &calls, s);
	s->all = overview_new(api, s->clients.loop);
	s->ones = job_streams_new(api, s->clients.loop);
	for (;;) {
		clients_run_once(&s->clients);
		send_all(s);
	}
}
