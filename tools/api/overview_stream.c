#include "overview_stream.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/msg.h"
#include "batch/watch_root.h"
#include "files/file.h"

enum {
	SLICE_MS = 10,          /* for looks in one turn of the loop */
	ACTIVE_MS = 3000,       /* after a change, in which a batch is looked at every STREAM_AGAIN_MS */
	WRONG_MS = 2000,        /* after which a batch that could not be read is tried again */
	IDLE_MS = 60000,        /* after the last client, in which batches are still followed */
	WATCHED_SHARE = 4,      /* a process watches at most one part in so many of what its user may watch */
	WATCHED_MIN = 128,      /* if that limit is not known */
	PART_MAX = 1000,        /* batches of the round in STREAM_EVERY_MS */
	WATCHED_PART_MAX = 250, /* the same if all of them are watched */
	OPEN_MAX_BATCHES = 8,   /* batches whose files of the review stay open between two looks */
	PRINT_SHARE = 50,       /* printing the whole document may take at most one part in so many of the time */
};

struct queue {
	struct batch_status *first, **end;
};

struct overview_stream {
	struct api *api;
	struct loop *loop;
	struct status_document *status;
	struct stream_source whole, changes;
	uint64_t whole_version;   /* of STATUS, which WHOLE has */
	int64_t whole_earliest;   /* WHOLE is not printed again before that */
	struct watch_root *watch; /* NULL: nobody follows, or there is no inotify */
	struct loop_watcher watcher;
	size_t watched, watched_max;
	struct queue soon, later; /* looks; LATER has those that take long */
	uint64_t number;          /* of the last in the queues */
	struct batch_status **active;
	size_t active_n;
	struct batch_status *open[OPEN_MAX_BATCHES]; /* the last first */
	size_t round;                                /* where the round is */
	struct loop_timer slice, tick, print;
	bool follows, list, complete; /* LIST: batches came or went. COMPLETE: all were looked at once */
	int trouble;                  /* the errno of the last try to look at batches; 0: there was none */
	int64_t idle_at;
};

/* --- the queues --- */

static void
push(struct queue *q, struct batch_status *v)
{
	v->look.next = NULL;
	if (!q->first)
		q->end = &q->first;
	*q->end = v;
	q->end = &v->look.next;
}

static struct batch_status *
pop(struct queue *q)
{
	struct batch_status *v = q->first;

	if (v)
		q->first = v->look.next;
	return v;
}

/* Takes V out, wherever it is. */
static void
drop_from(struct queue *q, const struct batch_status *v)
{
	for (struct batch_status **at = &q->first; *at; at = &(*at)->look.next)
		if (*at == v) {
			*at = v->look.next;
			if (!*at)
				q->end = at;
			return;
		}
}

static void
deactivate(struct overview_stream *a, struct batch_status *v)
{
	if (!v->look.at)
		return;
	a->active[v->look.at - 1] = a->active[--a->active_n];
	a->active[v->look.at - 1]->look.at = v->look.at;
	v->look.at = 0;
}

/* V is to be looked at once more at DUE. */
static void
activate(struct overview_stream *a, struct batch_status *v, int64_t due)
{
	if (v->look.at) {
		v->look.due = due < v->look.due ? due : v->look.due;
		return;
	}
	a->active = buf_grow(a->active, a->active_n, sizeof(*a->active));
	a->active[a->active_n++] = v;
	v->look.at = a->active_n;
	v->look.due = due;
}

static void
enqueue(struct overview_stream *a, struct batch_status *v)
{
	deactivate(a, v);
	if (v->look.number)
		return;
	v->look.number = ++a->number;
	push(&a->soon, v);
	if (!a->slice.at)
		loop_set_timer(a->loop, &a->slice, 0);
}

/* --- the files that stay open --- */

static void
forget_open(struct overview_stream *a, const struct batch_status *v)
{
	for (size_t i = 0; i < OPEN_MAX_BATCHES; i++)
		if (a->open[i] == v)
			a->open[i] = NULL;
}

static void
keep_open(struct overview_stream *a, struct batch_status *v)
{
	size_t i = 0;

	while (i < OPEN_MAX_BATCHES - 1 && a->open[i] != v)
		i++;
	if (a->open[i] && a->open[i] != v)
		batch_status_close(a->open[i]);
	memmove(a->open + 1, a->open, i * sizeof(struct batch_status *));
	a->open[0] = v;
}

/* --- what happens to batches --- */

/* Before V is freed. */
static void
on_gone(struct batch_status *v, void *arg)
{
	struct overview_stream *a = arg;

	deactivate(a, v);
	forget_open(a, v);
	if (v->look.number) {
		drop_from(&a->soon, v);
		drop_from(&a->later, v);
	}
	if (v->look.is_watched) {
		watch_root_remove_batch(a->watch, v->name);
		a->watched--;
	}
}

/* 0, or -1 with errno. */
static int
list_batches(struct overview_stream *a)
{
	if (status_document_list(a->status, on_gone, a) < 0)
		return -1;
	a->trouble = 0;
	a->list = false;
	for (size_t i = 0; i < status_document_count(a->status); i++) {
		struct batch_status *v = status_document_get(a->status, i);

		if (!v->look.is_found)
			enqueue(a, v);
		v->look.is_found = true;
	}
	return 0;
}

static void
touch_batch(struct overview_stream *a, struct batch_status *v)
{
	int64_t now = clock_ms();

	v->look.active_until = now + ACTIVE_MS;
	if (now >= v->look.done + STREAM_EVERY_MS)
		enqueue(a, v);
	else
		activate(a, v, v->look.done + STREAM_EVERY_MS);
}

static void
enqueue_all(struct overview_stream *a)
{
	for (size_t i = 0; i < status_document_count(a->status); i++)
		enqueue(a, status_document_get(a->status, i));
}

static void
on_event(const struct watch_root_event *e, void *arg)
{
	struct overview_stream *a = arg;
	struct batch_status *v = *e->name ? status_document_find(a->status, e->name) : NULL;

	if (e->what == WATCH_ROOT_LEASES)
		return;
	if (e->what == WATCH_ROOT_LOST)
		enqueue_all(a);
	if (e->what == WATCH_ROOT_LOST || e->what == WATCH_ROOT_BATCHES || e->what == WATCH_ROOT_GONE)
		a->list = true;
	if (!v)
		return;
	if (v->look.is_watched && (e->what == WATCH_ROOT_GONE || (e->what == WATCH_ROOT_BATCHES && e->removed))) {
		v->look.is_watched = false; /* the watch was removed */
		a->watched--;
	}
	touch_batch(a, v);
}

static void
on_changes(void *arg, uint32_t events)
{
	struct overview_stream *a = arg;

	(void)events;
	watch_root_handle_events(a->watch, on_event, a);
}

static void
open_watch(struct overview_stream *a)
{
	if (!a->watch && (a->watch = watch_root_open(&a->api->root)))
		(void)loop_watch(a->loop, &a->watcher, watch_root_fd(a->watch), EPOLLIN);
}

/* How many batches this process may watch. */
static size_t
find_watched_max(void)
{
	int fd = open("/proc/sys/fs/inotify/max_user_watches", O_RDONLY | O_CLOEXEC);
	struct buf text = {0};
	size_t n = 0;

	if (fd >= 0 && file_read_all(fd, 64, &text) == 0 && text.len)
		n = strtoul(text.data, NULL, 10) / WATCHED_SHARE;
	buf_free(&text);
	return file_close(fd, 0) || n < WATCHED_MIN ? WATCHED_MIN : n;
}

/* Watches V too, if there is room. */
static void
watch_batch(struct overview_stream *a, struct batch_status *v)
{
	if (!a->watch || v->look.is_watched || a->watched >= a->watched_max)
		return;
	v->look.is_watched = watch_root_add_batch(a->watch, v->name) == 0;
	a->watched += v->look.is_watched;
	if (!v->look.is_watched && errno == ENOSPC)
		a->watched_max = a->watched; /* what the other processes of this user watch counts, too */
}

/* --- the documents --- */

/* Lets the clients have what is known now. The whole document is printed once all batches were looked at. */
static void
update_sources(void *arg)
{
	struct overview_stream *a = arg;
	int64_t now = clock_ms();
	struct buf text = {0};

	a->changes.version = status_document_version(a->status);
	if (!a->whole.viewers || !a->complete || a->whole_version == status_document_version(a->status))
		return;
	if (now < a->whole_earliest) {
		loop_set_timer(a->loop, &a->print, a->whole_earliest);
		return;
	}
	a->whole_version = status_document_version(a->status);
	status_document_print(a->status, &text);
	stream_source_set(&a->whole, &text);
	/* A long document is printed less often. */
	a->whole_earliest = now + STREAM_EVERY_MS + PRINT_SHARE * (clock_ms() - now);
}

/* --- looks --- */

/* Decides when V, which was just looked at, is looked at again. */
static void
schedule_next(struct overview_stream *a, struct batch_status *v, enum batch_status_found found)
{
	int64_t now = clock_ms();

	if (found == BATCH_STATUS_CHANGED && v->look.done)
		v->look.active_until = now + ACTIVE_MS;
	v->look.done = now;
	if (v->is_wrong)
		activate(a, v, now + WRONG_MS);
	else if (batch_status_is_active(v) || now < v->look.active_until)
		activate(a, v, now + STREAM_AGAIN_MS);
	if (v->look.at && v->stamp.has_page) {
		keep_open(a, v);
	} else if (!v->look.at) {
		batch_status_rest(v);
		forget_open(a, v);
	}
}

static void
look_at_next(struct overview_stream *a, const struct batch_folders *folders)
{
	struct batch_status *v = pop(&a->soon);
	enum batch_status_found found;
	struct timespec now;

	if (!v && !(v = pop(&a->later)))
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	watch_batch(a, v); /* first, so that no change is missed */
	found = batch_status_look(v, &a->api->root, folders, now.tv_sec);
	if (found == BATCH_STATUS_CHANGED || found == BATCH_STATUS_BEGUN)
		status_document_add(a->status, v);
	if (found == BATCH_STATUS_MORE || found == BATCH_STATUS_BEGUN) {
		push(&a->later, v); /* with its number */
		return;
	}
	v->look.number = 0;
	if (found != BATCH_STATUS_GONE) {
		schedule_next(a, v, found);
		return;
	}
	on_gone(v, a);
	status_document_remove(a->status, v);
	a->list = true; /* there may be another one of that name */
}

/* Nothing can be looked at, by errno. Says so once. */
static void
note_trouble(struct overview_stream *a)
{
	if (!a->trouble)
		msg_warn_errno("cannot look at the batches of %s", a->api->root.path);
	a->trouble = errno;
}

/* Looks at some batches of the queues. */
static void
run_slice(void *arg)
{
	struct overview_stream *a = arg;
	int64_t end = clock_ms() + SLICE_MS;
	struct batch_folders folders;

	if (batch_folders_open(&a->api->root, &folders) < 0) {
		note_trouble(a);
		loop_set_timer(a->loop, &a->slice, clock_ms() + WRONG_MS);
		return;
	}
	a->trouble = 0;
	while ((a->soon.first || a->later.first) && clock_ms() < end)
		look_at_next(a, &folders);
	batch_folders_close(&folders);
	if (a->soon.first || a->later.first)
		loop_set_timer(a->loop, &a->slice, 0);
	else if (!a->list)
		a->complete = true;
	update_sources(a);
}

/* Enqueues the next part of the round, in which each batch comes every STREAM_ALL_MS or, if there are many, later. */
static void
continue_round(struct overview_stream *a)
{
	size_t n = status_document_count(a->status), part = n * STREAM_EVERY_MS / STREAM_ALL_MS + 1;
	size_t most = a->watched < n ? PART_MAX : WATCHED_PART_MAX;

	if (a->soon.first)
		return; /* it is behind already */
	for (part = part < most ? part : most; part > 0 && a->round < n; part--)
		enqueue(a, status_document_get(a->status, a->round++));
	if (a->round >= n) {
		a->round = 0;
		a->list = true;
		open_watch(a); /* if there was none */
	}
}

static void
stop_following(struct overview_stream *a)
{
	a->follows = a->complete = false;
	loop_unwatch(a->loop, &a->watcher);
	loop_stop_timer(a->loop, &a->tick);
	watch_root_close(a->watch);
	a->watch = NULL;
	a->watched = 0;
	for (size_t i = 0; i < status_document_count(a->status); i++) {
		struct batch_status *v = status_document_get(a->status, i);

		v->look.is_watched = false;
		deactivate(a, v);
		batch_status_rest(v);
		forget_open(a, v);
	}
}

/* Every STREAM_EVERY_MS. */
static void
on_tick(void *arg)
{
	struct overview_stream *a = arg;
	int64_t now = clock_ms();

	if (a->whole.viewers + a->changes.viewers > 0)
		a->idle_at = now + IDLE_MS;
	if (now >= a->idle_at && !a->soon.first && !a->later.first) {
		stop_following(a);
		return;
	}
	loop_set_timer(a->loop, &a->tick, now + STREAM_EVERY_MS);
	if (a->list && list_batches(a) < 0)
		note_trouble(a);
	update_sources(a);
	for (size_t i = a->active_n; i-- > 0;)
		if (a->active[i]->look.due <= now)
			enqueue(a, a->active[i]); /* the last active one takes its place */
	continue_round(a);
}

/* Begins to follow what happens to batches, unless that is done already. 0, or -1 with errno if they cannot be
 * listed. */
static int
begin_following(struct overview_stream *a)
{
	a->idle_at = clock_ms() + IDLE_MS;
	if (!a->follows) {
		a->follows = true;
		a->watched_max = find_watched_max();
		open_watch(a);
		loop_set_timer(a->loop, &a->tick, clock_ms() + STREAM_EVERY_MS);
		enqueue_all(a);
	}
	if (a->watch)
		watch_root_handle_events(a->watch, on_event, a);
	a->list = true;
	return list_batches(a);
}

/* --- clients --- */

static void
print_changes(void *arg, struct status_place *at, struct buf *id, struct buf *out)
{
	const struct overview_stream *a = arg;

	status_document_print_changes(a->status, at, STREAM_PART, out);
	status_document_print_id(a->status, *at, id);
}

bool
overview_has(const struct overview_stream *a, const struct stream_source *s)
{
	return s == &a->whole || s == &a->changes;
}

void
overview_print(struct overview_stream *a, const char *since, struct buf *out)
{
	struct status_place at;

	if (!since) {
		status_document_print(a->status, out);
		return;
	}
	at = status_document_parse_id(a->status, since);
	status_document_print_changes(a->status, &at, 0, out);
}

struct status_place
overview_place(const struct overview_stream *a, const char *since)
{
	return status_document_parse_id(a->status, since);
}

struct overview_stream *
overview_new(struct api *api, struct loop *loop)
{
	struct overview_stream *a = buf_alloc(sizeof(*a));

	*a = (struct overview_stream){.api = api, .loop = loop, .status = status_document_new(&api->root)};
	a->changes = (struct stream_source){.print = print_changes, .arg = a};
	a->watcher = (struct loop_watcher){.call = on_changes, .arg = a};
	a->slice = (struct loop_timer){.call = run_slice, .arg = a};
	a->tick = (struct loop_timer){.call = on_tick, .arg = a};
	a->print = (struct loop_timer){.call = update_sources, .arg = a};
	return a;
}

struct stream_source *
overview_follow(struct overview_stream *a, bool changes)
{
	struct stream_source *s = changes ? &a->changes : &a->whole;

	s->viewers++;
	if (begin_following(a) < 0)
		note_trouble(a);
	if (!a->soon.first && !a->later.first)
		a->complete = !a->list;
	update_sources(a);
	return s;
}

void
overview_unfollow(struct overview_stream *a, struct stream_source *s)
{
	if (--s->viewers > 0 || s != &a->whole)
		return;
	buf_free(&s->text);
	s->version = a->whole_version = 0;
}

bool
overview_is_complete(const struct overview_stream *a)
{
	return a->complete;
}

int
overview_trouble(const struct overview_stream *a)
{
	return a->trouble;
}

uint64_t
overview_ask(struct overview_stream *a)
{
	if (begin_following(a) < 0)
		return 0;
	update_sources(a); /* batches may have gone */
	while (a->active_n > 0)
		enqueue(a, a->active[a->active_n - 1]);
	for (size_t i = 0; i < status_document_count(a->status); i++) {
		struct batch_status *v = status_document_get(a->status, i);

		if (!v->look.is_watched)
			enqueue(a, v);
	}
	return a->number + 1;
}

bool
overview_is_ready(const struct overview_stream *a, uint64_t asked)
{
	if (a->soon.first && a->soon.first->look.number < asked)
		return false;
	for (const struct batch_status *v = a->later.first; v; v = v->look.next)
		if (v->look.number < asked)
			return false;
	return true;
}
