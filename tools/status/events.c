/* A stream of records for the events of batches and servers. events_items.c prints those of items. */
#include "events.h"
#include "event_record.h"
#include "events_items.h"
#include "follow_batches.h"
#include "http/servers.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/msg.h"
#include "batch/queue.h"
#include "batch/watch_root.h"
#include "records/rec.h"

enum {
	EVERY_MS = 100, /* between two checks of a batch */
	OUT_FD = 1,
};

/* A server's record is written before its lease is held, and the lease is dropped after the record is emptied. */
static const int64_t server_pauses[] = {1000, 100, 20};
enum { SERVER_LOOKS = sizeof(server_pauses) / sizeof(*server_pauses) };

struct event_stream {
	struct follower follower;
	const struct settings *set;
	bool ready;
	uint64_t count; /* records */
	struct servers servers;
	int64_t servers_due; /* when to check them */
	int server_looks;    /* how many more checks are due */
};

/* --- a batch --- */

/* A new batch is reported once it has a batch.json. Returns whether it was. */
static bool
print_created(struct event_stream *h, const struct batch *b)
{
	static const char *const members[] = {"job_id",   "job_type", "category",   "label",
					      "notebook", "items",    "created_at", NULL};
	struct json_object *about = batch_metadata_object(b), *o;
	bool is_there = about != NULL;

	if (is_there) {
		o = event_new("batch_created", rec_string(about, "created_at"), batch_name(b));
		event_copy(o, about, members);
		event_print(o, &h->count);
	}
	json_object_put(about);
	return is_there;
}

static void
print_end(struct event_stream *h, const struct followed_batch *v, const char *event)
{
	const struct batch_counts *c = &v->snapshot.p.counts;
	struct json_object *o = event_new(event, NULL, v->snapshot.name);

	rec_add_string(o, "status", v->snapshot.p.status);
	json_object_object_add(o, "total_items", json_object_new_uint64(c->total));
	json_object_object_add(o, "completed_items", json_object_new_uint64(c->completed));
	json_object_object_add(o, "failed_items", json_object_new_uint64(c->failed));
	json_object_object_add(o, "pending_items", json_object_new_uint64(c->pending + c->processing));
	if (c->removed)
		json_object_object_add(o, "removed_items", json_object_new_uint64(c->removed));
	event_print(o, &h->count);
}

static void
on_batch_left(struct follower *t, struct followed_batch *v, bool gone)
{
	struct event_stream *h = t->arg;
	struct batch_events *s = v->own;

	if (gone && s && s->created)
		event_print(event_new("batch_removed", NULL, v->snapshot.name), &h->count);
	if (s)
		free(s->states);
	free(s);
	v->own = NULL;
}

/* The process that submits the batch holds the entry of the queue until the batch is complete. */
static bool
is_handed_in(const struct event_stream *h, const struct followed_batch *v)
{
	int held = v->snapshot.p.queued ? queue_is_held(h->follower.root, v->snapshot.name) : 1;

	if (held < 0)
		msg_die_errno(msg_exit_code(errno), "cannot read %s/queue/%s", h->follower.root->path,
			      v->snapshot.name);
	return !held;
}

/* The known state of the batch, from the first check on. */
static struct batch_events *
begin_batch_events(struct event_stream *h, struct followed_batch *v, const struct batch *b)
{
	struct batch_events *s = v->own;
	struct stat st;

	if (fstat(batch_dirfd(b), &st) < 0)
		msg_die_errno(msg_exit_code(errno), "cannot read the batch '%s'", v->snapshot.name);
	/* Another batch with the same name. */
	if (s && s->ino != st.st_ino)
		on_batch_left(&h->follower, v, true);
	if (v->own)
		return v->own;
	v->own = s = buf_alloc(sizeof(*s));
	s->ino = st.st_ino;
	s->created = !h->ready && !h->set->from_start;
	if (s->created)
		events_skip_items(s, v, b);
	s->queued = s->created && is_handed_in(h, v);
	s->at_rest = s->created || v->snapshot.p.done;
	s->was_done = s->created && v->snapshot.p.done;
	return s;
}

static void
on_batch_change(struct follower *t, struct followed_batch *v, struct batch *b)
{
	struct event_stream *h = t->arg;
	const struct job_status *p = &v->snapshot.p;
	struct batch_events *s;
	bool worked; /* a process works on it, or has since the last check */

	/* The counts are read first: items that are done then already have results. */
	if (snapshot_take(t->root, &v->snapshot, b, NULL) < 0) {
		msg_warn_errno("cannot read the batch '%s'", v->snapshot.name);
		return;
	}
	s = begin_batch_events(h, v, b);
	if (!s->created && !(s->created = print_created(h, b)))
		return;
	if (s->queued != p->queued) {
		s->queued = is_handed_in(h, v);
		if (s->queued)
			event_print(event_new("batch_handed_in", NULL, v->snapshot.name), &h->count);
	}
	worked = events_print_items(s, v, b, &h->count) || p->counts.held || p->queued;
	if (worked || !p->done)
		s->was_done = false;
	if (worked)
		s->at_rest = false;
	if (p->done && !s->was_done && p->counts.length > 0) {
		s->was_done = true;
		print_end(h, v, "batch_done");
	} else if (p->stale && !s->at_rest && v->again == 0) {
		print_end(h, v, "batch_stopped");
	}
	if (p->done || (p->stale && v->again == 0))
		s->at_rest = true;
}

/* --- servers --- */

static bool
is_followed(const struct event_stream *h, const struct server *s)
{
	const struct batch_args *names = h->follower.names;

	if (!names->n)
		return true;
	for (size_t i = 0; s->batch && i < names->n; i++)
		if (strcmp(names->v[i], s->batch) == 0)
			return true;
	return false;
}

static void
print_server(struct event_stream *h, const struct server *s, const char *event)
{
	struct json_object *o;

	if (!is_followed(h, s))
		return;
	o = event_new(event, NULL, NULL);
	rec_copy_without(o, s->record, NULL);
	event_print(o, &h->count);
}

static bool
is_ready(const struct server *s)
{
	return !json_object_object_get_ex(s->record, "starting", NULL);
}

static bool
has_server(const struct servers *all, const struct server *s)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->v[i].port == s->port && is_ready(&all->v[i]) &&
		    rec_number(all->v[i].record, "pid", 0) == rec_number(s->record, "pid", 0))
			return true;
	return false;
}

static void
print_server_events(struct event_stream *h)
{
	struct servers now;

	h->servers_due = h->server_looks > 0 ? clock_ms() + server_pauses[--h->server_looks] : follower_never;
	if (servers_find(h->follower.root, &now) < 0)
		return;
	for (size_t i = 0; i < h->servers.n; i++)
		if (h->ready && is_ready(&h->servers.v[i]) && !has_server(&now, &h->servers.v[i]))
			print_server(h, &h->servers.v[i], "server_stopped");
	for (size_t i = 0; i < now.n; i++)
		if (h->ready && is_ready(&now.v[i]) && !has_server(&h->servers, &now.v[i]))
			print_server(h, &now.v[i], "server_started");
	servers_free(&h->servers);
	h->servers = now;
}

/* --- the loop --- */

static void
on_root_event(struct follower *t, struct followed_batch *v, const struct watch_root_event *e)
{
	struct event_stream *h = t->arg;

	(void)v;
	if (e->what == WATCH_ROOT_LOST || (e->what == WATCH_ROOT_LEASES && !e->name[strspn(e->name, "0123456789")])) {
		h->server_looks = SERVER_LOOKS;
		h->servers_due = 0;
	}
}

static int
run_event_stream(struct event_stream *h, int64_t deadline)
{
	struct pollfd fds[FOLLOWER_FDS] = {{.fd = -1}, {.fd = -1}, {.fd = -1}};

	fds[OUT_FD].fd = STDOUT_FILENO;
	for (;;) {
		int64_t next = follower_look(&h->follower);

		if (clock_ms() >= h->servers_due)
			print_server_events(h);
		next = h->servers_due < next ? h->servers_due : next;
		if (!h->ready) {
			struct json_object *o = event_new("ready", NULL, NULL);

			h->ready = true;
			json_object_object_add(o, "batches", json_object_new_uint64(h->follower.n));
			event_print(o, &h->count);
		}
		rec_flush();
		if (h->follower.names->n && h->follower.n == 0)
			return EX_NOINPUT;
		if (h->set->wait && follower_is_done(&h->follower))
			return follower_exit_code(&h->follower, h->set);
		if (clock_ms() >= deadline)
			return EX_TEMPFAIL;
		follower_wait(&h->follower, next < deadline ? next : deadline, fds);
		if (fds[OUT_FD].revents) { /* the reader has closed the pipe, although there is nothing to write */
			signal(SIGPIPE, SIG_DFL);
			raise(SIGPIPE);
		}
	}
}

int
events_print(const struct root *root, const struct batch_args *names, const struct settings *set)
{
	struct event_stream h = {.set = set};
	int code;

	h.follower = (struct follower){.root = root,
				       .names = names,
				       .every = EVERY_MS,
				       .look = on_batch_change,
				       .left = on_batch_left,
				       .heard = on_root_event,
				       .arg = &h};
	code = follower_open(&h.follower);
	if (code == 0) {
		code = run_event_stream(&h, set->timeout < 0 ? follower_never : clock_ms() + set->timeout);
		rec_write_counts(code, {"events", h.count});
	}
	follower_close(&h.follower);
	servers_free(&h.servers);
	return code;
}
