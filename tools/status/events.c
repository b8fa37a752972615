/* What happens, as a stream of records: of batches and servers. What happens to items is events_items.c's. */
#include "events.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/msg.h"
#include "batch/queue.h"
#include "batch/watch_root.h"
#include "records/rec.h"

enum {
	EVERY_MS = 100, /* between two looks at a batch */
	OUT_FD = 1,
};

/* A server's record is written before its lease is held, and the lease is dropped after the record is emptied. */
static const int64_t server_pauses[] = {1000, 100, 20};
enum { SERVER_LOOKS = sizeof(server_pauses) / sizeof(*server_pauses) };

/* --- records --- */

struct json_object *
event_new(const char *event, const char *at, const char *batch)
{
	struct json_object *o = json_object_new_object();
	time_t now = time(NULL);
	char text[32];
	struct tm tm;

	if (!at) {
		gmtime_r(&now, &tm);
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
		at = text;
	}
	json_object_object_add(o, "event", json_object_new_string(event));
	json_object_object_add(o, "at", json_object_new_string(at));
	if (batch)
		json_object_object_add(o, "batch", json_object_new_string(batch));
	return o;
}

void
event_copy(struct json_object *o, struct json_object *from, const char *const *members)
{
	struct json_object *value;

	for (; *members; members++)
		if (json_object_object_get_ex(from, *members, &value))
			json_object_object_add(o, *members, json_object_get(value));
}

void
event_out(struct happening *h, struct json_object *o)
{
	rec_write_json(o);
	json_object_put(o);
	h->count++;
}

/* --- a batch --- */

/* A new batch is told of once it says what it is. Whether it was. */
static bool
report_created(struct happening *h, const struct batch *b)
{
	static const char *const members[] = {"job_id",   "job_type", "category",   "label",
					      "notebook", "items",    "created_at", NULL};
	struct buf line = {0};
	struct json_object *about = batch_metadata(b, &line) == 0 ? rec_parse(line.data, line.len, NULL, 0) : NULL, *o;
	bool is_there = about && json_object_is_type(about, json_type_object);

	if (is_there) {
		o = event_new("batch_created", rec_string(about, "created_at"), batch_name(b));
		event_copy(o, about, members);
		event_out(h, o);
	}
	json_object_put(about);
	buf_free(&line);
	return is_there;
}

static void
report_end(struct happening *h, const struct tracked *v, const char *event)
{
	const struct batch_counts *c = &v->seen.p.counts;
	struct json_object *o = event_new(event, NULL, v->seen.name);

	json_object_object_add(o, "status", json_object_new_string(v->seen.p.status));
	json_object_object_add(o, "total_items", json_object_new_uint64(c->total));
	json_object_object_add(o, "completed_items", json_object_new_uint64(c->completed));
	json_object_object_add(o, "failed_items", json_object_new_uint64(c->failed));
	json_object_object_add(o, "pending_items", json_object_new_uint64(c->pending + c->processing));
	event_out(h, o);
}

static void
forget(struct tracked *v)
{
	struct spotted *s = v->own;

	if (s)
		free(s->states);
	free(s);
	v->own = NULL;
}

static void
left(struct track *t, struct tracked *v, bool gone)
{
	struct spotted *s = v->own;

	if (gone && s && s->created)
		event_out(t->arg, event_new("batch_removed", NULL, v->seen.name));
	forget(v);
}

/* Who hands it in holds the entry of the queue until all is there. */
static bool
is_handed_in(const struct happening *h, const struct tracked *v)
{
	int held = v->seen.p.queued ? queue_is_held(h->track.root, v->seen.name) : 1;

	if (held < 0)
		msg_die_errno(msg_exit_code(errno), "cannot read %s/queue/%s", h->track.root->path, v->seen.name);
	return !held;
}

/* What is known of the batch, from the first look on. */
static struct spotted *
begin(struct happening *h, struct tracked *v, const struct batch *b)
{
	struct spotted *s = v->own;
	struct stat st;

	if (fstat(batch_dirfd(b), &st) < 0)
		msg_die_errno(msg_exit_code(errno), "cannot read the batch '%s'", v->seen.name);
	/* Another batch, by the same name. */
	if (s && s->ino != st.st_ino)
		left(&h->track, v, true);
	if (v->own)
		return v->own;
	v->own = s = buf_alloc(sizeof(*s));
	s->ino = st.st_ino;
	s->created = !h->ready && !h->asked->from_start;
	if (s->created)
		items_skip(s, v, b);
	s->queued = s->created && is_handed_in(h, v);
	s->at_rest = s->created || v->seen.p.done;
	s->was_done = s->created && v->seen.p.done;
	return s;
}

static void
report_handed_in(struct happening *h, struct spotted *s, const struct tracked *v)
{
	if (s->queued == v->seen.p.queued)
		return;
	s->queued = is_handed_in(h, v);
	if (s->queued)
		event_out(h, event_new("batch_handed_in", NULL, v->seen.name));
}

static void
look(struct track *t, struct tracked *v, struct batch *b)
{
	struct happening *h = t->arg;
	const struct job_status *p = &v->seen.p;
	struct spotted *s;
	bool worked; /* somebody works on it, or has since the last look */

	/* First how far it is: what is done then has its results already. */
	if (seen_look(t->root, &v->seen, b, NULL) < 0) {
		msg_warn_errno("cannot read the batch '%s'", v->seen.name);
		return;
	}
	s = begin(h, v, b);
	if (!s->created && !(s->created = report_created(h, b)))
		return;
	report_handed_in(h, s, v);
	worked = items_report(h, v, b) || p->counts.held || p->queued;
	if (worked || !p->done)
		s->was_done = false;
	if (worked)
		s->at_rest = false;
	if (p->done && !s->was_done && p->counts.total > 0) {
		s->was_done = true;
		report_end(h, v, "batch_done");
	} else if (p->stale && !s->at_rest && v->again == 0) {
		report_end(h, v, "batch_stopped");
	}
	if (p->done || (p->stale && v->again == 0))
		s->at_rest = true;
}

/* --- servers --- */

static bool
is_followed(const struct happening *h, const struct server *s)
{
	const struct batch_args *names = h->track.names;

	if (!names->n)
		return true;
	for (size_t i = 0; s->batch && i < names->n; i++)
		if (strcmp(names->v[i], s->batch) == 0)
			return true;
	return false;
}

static void
report_server(struct happening *h, const struct server *s, const char *event)
{
	struct json_object *o;

	if (!is_followed(h, s))
		return;
	o = event_new(event, NULL, NULL);
	json_object_object_foreach(s->record, key, value) json_object_object_add(o, key, json_object_get(value));
	event_out(h, o);
}

static bool
is_ready(const struct server *s)
{
	return !json_object_object_get_ex(s->record, "starting", NULL);
}

static bool
has(const struct servers *all, const struct server *s)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->v[i].port == s->port && is_ready(&all->v[i]) &&
		    rec_number(all->v[i].record, "pid", 0) == rec_number(s->record, "pid", 0))
			return true;
	return false;
}

static void
look_at_servers(struct happening *h)
{
	struct servers now;

	h->servers_due = h->server_looks > 0 ? clock_ms() + server_pauses[--h->server_looks] : track_never;
	if (servers_find(h->track.root, &now) < 0)
		return;
	for (size_t i = 0; i < h->servers.n; i++)
		if (h->ready && is_ready(&h->servers.v[i]) && !has(&now, &h->servers.v[i]))
			report_server(h, &h->servers.v[i], "server_stopped");
	for (size_t i = 0; i < now.n; i++)
		if (h->ready && is_ready(&now.v[i]) && !has(&h->servers, &now.v[i]))
			report_server(h, &now.v[i], "server_started");
	servers_free(&h->servers);
	h->servers = now;
}

/* --- the loop --- */

static void
handle_watch_event(struct track *t, struct tracked *v, const struct watch_root_event *e)
{
	struct happening *h = t->arg;

	(void)v;
	if (e->what == WATCH_ROOT_LOST || (e->what == WATCH_ROOT_LEASES && !e->name[strspn(e->name, "0123456789")])) {
		h->server_looks = SERVER_LOOKS;
		h->servers_due = 0;
	}
}

static void
be_ready(struct happening *h)
{
	struct json_object *o = event_new("ready", NULL, NULL);

	h->ready = true;
	json_object_object_add(o, "batches", json_object_new_uint64(h->track.n));
	event_out(h, o);
}

/* A reader that has gone ends us, though there is nothing to write. */
static void
end_unread(void)
{
	signal(SIGPIPE, SIG_DFL);
	raise(SIGPIPE);
}

static int
run(struct happening *h, int64_t deadline)
{
	struct pollfd fds[TRACK_FDS] = {{.fd = -1}, {.fd = -1}, {.fd = -1}};

	fds[OUT_FD].fd = STDOUT_FILENO;
	for (;;) {
		int64_t next = track_look(&h->track);

		if (clock_ms() >= h->servers_due)
			look_at_servers(h);
		next = h->servers_due < next ? h->servers_due : next;
		if (!h->ready)
			be_ready(h);
		rec_flush();
		if (h->track.names->n && h->track.n == 0)
			return EX_NOINPUT;
		if (h->asked->wait && track_is_done(&h->track))
			return track_judge(&h->track, h->asked);
		if (clock_ms() >= deadline)
			return EX_TEMPFAIL;
		track_wait(&h->track, next < deadline ? next : deadline, fds);
		if (fds[OUT_FD].revents)
			end_unread();
	}
}

int
events(const struct root *root, const struct batch_args *names, const struct asked *asked)
{
	struct happening h = {.asked = asked};
	struct json_object *counts;
	int code;

	h.track = (struct track){.root = root,
				 .names = names,
				 .every = EVERY_MS,
				 .look = look,
				 .left = left,
				 .heard = handle_watch_event,
				 .arg = &h};
	code = track_open(&h.track);
	if (code == 0) {
		code = run(&h, asked->timeout < 0 ? track_never : clock_ms() + asked->timeout);
		counts = json_object_new_object();
		json_object_object_add(counts, "events", json_object_new_uint64(h.count));
		rec_write_end(counts, code);
	}
	track_close(&h.track);
	servers_free(&h.servers);
	return code;
}
