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
#include "export_stream.h"
#include "job_stream.h"
#include "overview_stream.h"
#include "query.h"
#include "route.h"
#include "stream.h"

enum {
	STREAMS_MAX = 200,
	BEAT_MS = 15000,
	PART_EVERY_MS = 2, /* between two events of a document that is sent in parts */
};

/* A client that watches, or that waits for a document. */
struct viewer {
	struct export_stream *export; /* it gets an export; NULL: it does not */
	struct stream_source *source; /* NULL: it waits for a document of all batches */
	struct status_place at;       /* what was sent of its versions */
	int64_t earliest;             /* no event before that, if SOURCE prints each viewer's own */
	size_t sent;                  /* the length of its OUT at the last beat */
	/* Of one that waits. */
	uint64_t asked; /* overview_ask() */
	struct reply reply;
	struct buf since; /* the id of which it wants the changes */
	bool changes, head;
};

struct streaming {
	struct api *api;
	struct client_loop clients;
	struct overview_stream *all;
	struct job_streams *ones;
	struct loop_timer wake; /* when a viewer may get its next event */
	size_t streams;
};

/* --- events --- */

/* Appends the event of a viewer that is behind. */
static void
print_event(const struct streaming *s, struct viewer *v, struct buf *out)
{
	struct stream_source *source = v->source;
	struct buf id = {0}, text = {0};

	if (source->print) {
		source->print(source->arg, &v->at, &id, &text);
		v->earliest = clock_ms() + (text.len < STREAM_PART && overview_is_complete(s->all) ? STREAM_EVERY_MS
												   : PART_EVERY_MS);
		buf_printf(out, "id: %s\n", id.data);
	}
	if (source->print || v->at.version != source->version) {
		const struct buf *data = source->print ? &text : &source->text;

		buf_str(out, "data: ");
		buf_add(out, data->data, data->len);
		buf_str(out, "\n\n");
	}
	if (!source->print)
		v->at.version = source->version;
	buf_free(&id);
	buf_free(&text);
}

/* Sends the newest version, once the previous one has been sent. */
static void
send_event(struct client *c)
{
	struct streaming *s = c->clients->arg;
	struct viewer *v = c->own;
	struct stream_source *source = v->source;

	if (c->out.len > c->sent || (v->at.version == source->version && !source->done))
		return;
	if (source->print && clock_ms() < v->earliest) {
		if (!s->wake.at || v->earliest < s->wake.due)
			loop_set_timer(s->clients.loop, &s->wake, v->earliest);
		return;
	}
	buf_clear(&c->out);
	c->sent = 0;
	print_event(s, v, &c->out);
	client_set_deadline(c, clock_ms() + BEAT_MS);
	v->sent = 0;
	if (source->done) {
		buf_str(&c->out, "event: end\ndata: {}\n\n");
		c->answered = true;
	}
}

/* Answers a client that waits, once the document is ready. */
static void
send_document(struct client *c)
{
	struct streaming *s = c->clients->arg;
	struct viewer *v = c->own;

	if (overview_is_ready(s->all, v->asked)) {
		overview_print(s->all, v->changes ? v->since.data : NULL, &v->reply.body);
		buf_str(&v->reply.body, "\n");
	} else if (overview_trouble(s->all)) {
		reply_error(&v->reply, 500, "cannot_read", "the batches cannot be read: %s",
			    strerror(overview_trouble(s->all)));
	} else {
		return;
	}
	client_answer(c, &v->reply, v->head);
}

static void
send_all(const struct streaming *s)
{
	for (size_t i = 0; i < s->clients.n; i++) {
		struct client *c = s->clients.v[i];

		if (!c->own || c->answered || ((const struct viewer *)c->own)->export)
			continue;
		if (((const struct viewer *)c->own)->source)
			send_event(c);
		else
			send_document(c);
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
	{"GET", "batches/*/export", NULL},
};

/* What Q asks for of the changes: "changes", and the id after which (without one, OUT is empty). False after making R
 * the error. */
static bool
query_changes(const struct request *q, bool *changes, struct buf *out, struct reply *r)
{
	const char *last = scgi_get(q->scgi, "HTTP_LAST_EVENT_ID");
	uint64_t n;

	if (!query_number(q, "changes", 0, 1, &n, r))
		return false;
	*changes = n == 1;
	buf_str(out, "");
	if (last) /* a browser that connects again: later than the URL of its first request */
		buf_str(out, last);
	else
		query_text(q, "since", out);
	return true;
}

/* Makes V one that follows the source that Q asks for. False after making R the error. */
static bool
follow_source(struct streaming *s, struct viewer *v, const struct request *q, struct reply *r)
{
	bool all = q->count == 2;

	if (s->streams >= STREAMS_MAX)
		return reply_error(r, 503, "busy",
				   "%d clients are already watching; request the status now and then instead",
				   STREAMS_MAX);
	if (all && !query_changes(q, &v->changes, &v->since, r))
		return false;
	v->source = all ? overview_follow(s->all, v->changes) : job_streams_follow(s->ones, q, r);
	if (v->changes)
		v->at = overview_place(s->all, v->since.data);
	return v->source;
}

static void
begin_stream(struct streaming *s, struct client *c, const struct reply *r)
{
	s->streams++;
	buf_str(&c->out, "Status: 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n"
			 "X-Accel-Buffering: no\r\n");
	if (r->headers.len)
		buf_add(&c->out, r->headers.data, r->headers.len);
	buf_str(&c->out, "\r\nretry: 2000\n\n");
	client_set_deadline(c, clock_ms() + BEAT_MS); /* the document follows as soon as the headers are sent */
	scgi_free(&c->scgi);
}

/* Makes V one that waits for the document of all batches. False after making R the error. */
static bool
ask_overview(struct streaming *s, struct viewer *v, const struct request *q, struct reply *r)
{
	if (!query_changes(q, &v->changes, &v->since, r))
		return false;
	v->asked = overview_ask(s->all);
	if (!v->asked)
		return reply_error(r, 500, "cannot_read", "the batches cannot be listed: %s", strerror(errno));
	reply_header(r, "Cache-Control", "no-store");
	return true;
}

static void
free_viewer(struct streaming *s, struct viewer *v)
{
	if (v->export)
		export_stream_drop(v->export);
	if (v->source && overview_has(s->all, v->source))
		overview_unfollow(s->all, v->source);
	else if (v->source)
		job_streams_unfollow(s->ones, v->source);
	reply_free(&v->reply);
	buf_free(&v->since);
	free(v);
}

static void
answer_client(struct streaming *s, struct client *c)
{
	struct viewer *v = buf_alloc(sizeof(*v));
	struct reply *r = &v->reply;
	const char *method = scgi_get(&c->scgi, "REQUEST_METHOD");
	const struct route *found;
	struct request q;
	bool good = false, streams, exports;

	*v = (struct viewer){.reply = {.status = 200}, .head = method && strcmp(method, "HEAD") == 0};
	found = route_request(s->api, routes, sizeof(routes) / sizeof(*routes), &c->scgi, &q, r);
	exports = found && strcmp(q.words[0], "batches") == 0;
	streams = found && !exports && q.count > 1 && !(v->head && q.count == 2);
	if (exports)
		good = (v->export = export_stream_begin(s->api, c, &q, v->head, r)) != NULL;
	else if (found)
		good = streams ? follow_source(s, v, &q, r) : ask_overview(s, v, &q, r);
	auth_mark(s->api, &c->scgi, r);
	if (!good || (streams && v->head)) {
		client_answer(c, r, v->head);
		free_viewer(s, v);
		return;
	}
	c->own = v;
	if (exports)
		scgi_free(&c->scgi);
	else if (streams)
		begin_stream(s, c, r);
	else
		send_document(c); /* it may be ready */
}

/* --- clients --- */

static bool
on_request(struct client *c)
{
	enum scgi_state state;

	if (c->own) {
		const struct viewer *v = c->own;

		scgi_free(&c->scgi); /* the rest of a body that nobody reads */
		return !v->source;
	}
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

	if (v && v->export)
		return export_stream_is_alive(v->export);
	if (!v || (c->sent < c->out.len && c->sent == v->sent))
		return false;
	v->sent = c->sent;
	if (v->source && c->sent == c->out.len) {
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
	struct viewer *v = c->own;

	if (!v)
		return;
	if (v->export) {
		export_stream_sent(v->export);
		return;
	}
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
	s->streams -= v->source != NULL;
	free_viewer(s, v);
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
