#include "worker.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/msg.h"
#include "batch/batch_priority.h"
#include "batch/queue.h"
#include "files/file.h"
#include "files/trash.h"
#include "notebook/notebook.h"
#include "records/rec.h"
#include "upload.h"

enum {
	BATCHES_MAX = 128,      /* batches at once, each of which needs about ten descriptors */
	LOOK_MS = 60 * 1000,    /* at the queue, though nothing was told of it */
	LOOK_UNTOLD_MS = 1000,  /* where nothing can be told */
	SOON_MS = 50,           /* at what somebody holds, or what was left */
	TROUBLE_MS = 60 * 1000, /* until a batch that could not be processed is tried again */
	TROUBLED_MAX = 256,
	HELD_MAX_MS = 10 * 1000, /* --once: how long to wait for a batch that is being made */
	LOOK_SHARE = 5,          /* checks take at most one part in so many of the time */
};

struct worker {
	struct run *run;
	struct open_batches *batches;
	struct run_queue *wants;
	struct loop_watcher watcher; /* of WATCH */
	struct loop_timer timer;
	int lock, watch; /* WATCH: -1 if the queue cannot be watched */
	int64_t due;     /* of the next check of the queue */
	int64_t not_before;
	bool told, more;    /* MORE: batches wait for others to be done */
	bool held;          /* the last check found a batch that another process holds */
	int64_t held_since; /* and since then there was no other work */
	struct troubled {
		char name[BATCH_NAME_MAX + 1];
		int64_t until;
		int code;
	} troubled[TROUBLED_MAX];
	size_t troubled_count;
};

/* --- batches that cannot be worked on: said, and left alone for a while --- */

static bool
is_troubled(struct worker *w, const char *name)
{
	int64_t now = clock_ms();

	for (size_t i = 0; i < w->troubled_count; i++) {
		if (strcmp(w->troubled[i].name, name) != 0)
			continue;
		if (w->troubled[i].until > now)
			return true;
		w->troubled[i] = w->troubled[--w->troubled_count];
		return false;
	}
	return false;
}

static void
note_trouble(struct worker *w, const char *name, const char *doing)
{
	size_t at = w->troubled_count < TROUBLED_MAX ? w->troubled_count++ : 0;

	w->troubled[at].code = msg_exit_code(errno);
	msg_warn_errno("the batch '%s' stays in the queue: cannot %s", name, doing);
	memcpy(w->troubled[at].name, name, strlen(name) + 1);
	w->troubled[at].until = clock_ms() + TROUBLE_MS;
}

/* --- what a killed maker left --- */

struct making {
	const struct root *root;
	bool is_half; /* out: it was, and could not be removed */
};

/* 1 if the batch has fewer items than announced, or is not a batch; 0 if it is complete, as a batch with results is; -1
 * with errno if that cannot be known. */
static int
is_half_made(const struct root *root, const char *name)
{
	struct batch *b = batch_open(root, name, BATCH_READ, NULL);
	struct json_object *about = NULL;
	struct buf text = {0};
	struct stat st;
	int64_t length;
	int rc, error;

	if (!b)
		return errno == ENOENT ? 1 : -1;
	rc = file_stat(batch_dirfd(b), "results.ndjson", &st);
	if (rc > 0)
		rc = st.st_size > 0;
	if (rc != 0) {
		rc = rc < 0 ? -1 : 0;
	} else if (batch_metadata(b, &text) < 0) {
		rc = errno == ENOENT ? 1 : -1;
	} else {
		about = rec_parse(text.data, text.len, NULL, 0);
		length = batch_length(b);
		if (length < 0)
			rc = -1;
		else if (json_object_is_type(about, json_type_object))
			rc = rec_number(about, "items", 0) > length;
		else
			rc = -1, errno = EBADMSG;
	}
	error = errno;
	json_object_put(about);
	buf_free(&text);
	batch_close(b);
	errno = error;
	return rc;
}

/* The entry is held, so no process is making the batch. */
static bool
remove_half_made(const char *name, void *arg)
{
	struct making *m = arg;

	int rc = is_half_made(m->root, name);

	m->is_half = rc != 0;
	if (rc <= 0)
		return false;
	if (trash_batch(m->root, name) == 0 || errno == ENOENT) {
		m->is_half = false;
		msg_warn("the batch '%s' was being handed in when its maker was killed: removed", name);
		return true;
	}
	return false;
}

/* --- the look at the queue --- */

/* Wants N items from FROM on. Those that have ended are passed over here, since a large batch has many of them, and
 * looking at each would take its time; but --update asks for completed ones again. */
static void
want_items(struct worker *w, struct target *t, uint32_t from, size_t n)
{
	char states[4096];

	while (n > 0 && !w->run->fatal) {
		size_t some = n < sizeof(states) ? n : sizeof(states);

		if (batch_states(t->batch, from, states, some) < 0) {
			run_fail(w->run, "reading the states of items");
			return;
		}
		for (size_t i = 0; i < some; i++, from++) {
			bool is_over = states[i] == 'f' || (states[i] == 'c' && !w->run->set->update);

			w->run->asked += states[i] != 'x'; /* which is not reported */
			if (!is_over && states[i] != 'x')
				run_queue_add(w->wants, t, from);
		}
		n -= some;
	}
}

static void
want_all(struct worker *w, struct target *t)
{
	int64_t n = batch_length(t->batch);

	if (n < 0) {
		run_fail(w->run, "counting the items");
		return;
	}
	if (n > (int64_t)t->wanted_to)
		want_items(w, t, t->wanted_to + 1, (size_t)n - t->wanted_to);
	t->wanted_to = (uint32_t)n;
}

/* Whether it has items that are new to this process, or that cannot be counted, which want_all() reports. */
static bool
has_more(const struct target *t)
{
	int64_t n = batch_length(t->batch);

	return n < 0 || n > (int64_t)t->wanted_to;
}

static void
take_batch(struct worker *w, const char *name)
{
	const struct root *root = &w->run->root;
	struct making m = {.root = root};
	struct target *t;
	int half = is_half_made(root, name), priority;

	if (half < 0) {
		note_trouble(w, name, "look into it");
		return;
	}
	if (half) {
		if (queue_end(root, name, remove_half_made, &m) < 0 || m.is_half)
			note_trouble(w, name, "remove what is left of it");
		return;
	}
	t = open_batches_add(w->batches, name, NULL);
	priority = t ? batch_priority_read(batch_dirfd(t->batch), ".") : 0;
	if (priority < 0) {
		note_trouble(w, name, "read its priority");
		open_batches_close(w->batches, t);
	} else if (t) {
		t->priority = priority;
		want_all(w, t);
	} else if (errno == EINTR) {
		run_fail(w->run, "opening a batch");
	} else {
		note_trouble(w, name, "open it");
	}
}

static bool
has_room(const struct worker *w)
{
	size_t open = 0;

	for (const struct target *t = w->batches->first; t; t = t->next)
		open++;
	return open < BATCHES_MAX;
}

static bool
look_at_entry(const char *name, void *arg)
{
	struct worker *w = arg;
	struct target *t = open_batches_find(w->batches, name);
	int held;

	if (t) {
		if (!t->again && has_more(t))
			want_all(w, t);
		return true;
	}
	if (is_troubled(w, name))
		return true;
	w->more = !has_room(w);
	if (w->more)
		return false;
	held = queue_is_held(&w->run->root, name);
	if (held < 0) {
		note_trouble(w, name, "read its entry");
	} else if (held) {
		w->held = true;
		w->due = clock_ms() + SOON_MS;
	} else {
		take_batch(w, name);
	}
	return !run_is_ending(w->run);
}

static void
look_at_queue(struct worker *w)
{
	int64_t begun = clock_ms(), end;

	w->told = w->more = w->held = false;
	w->due = begun + (w->watch >= 0 ? LOOK_MS : LOOK_UNTOLD_MS);
	if (queue_each(&w->run->root, look_at_entry, w) < 0)
		run_fail(w->run, "reading the queue");
	end = clock_ms();
	w->not_before = end + (end - begun) * LOOK_SHARE;
	if (!w->held || w->batches->first || !w->held_since)
		w->held_since = end;
}

/* --- the end of a batch --- */

/* The entry is held, so that no process adds items: no item is left or new to this process. */
static bool
is_done(const char *name, void *arg)
{
	struct target *t = arg;
	struct batch_counts c;

	(void)name;
	t->left = batch_count(t->batch, &c) < 0 || c.pending + c.processing > 0 || c.length != t->wanted_to;
	return !t->left;
}

void
worker_end_batch(struct worker *w, struct target *t)
{
	const char *name = batch_name(t->batch);
	const char *doing = NULL;
	int rc = 0;

	if (t->left) {
		/* Another process gave up items that were left to it, or tries failed items again. */
		t->left = false;
		t->wanted_to = 0;
	}
	if (has_more(t)) {
		want_all(w, t);
		return;
	}
	if (upload_sweep(t) < 0)
		doing = "remove its uploads";
	else if (t->notebook && notebook_import_results(&w->run->root, t->batch) < 0)
		doing = "take its results into its notebook";
	else if ((rc = queue_end(&w->run->root, name, is_done, t)) < 0)
		doing = "remove its entry";
	if (doing)
		note_trouble(w, name, doing);
	if (rc > 0)
		t->again = clock_ms() + SOON_MS;
	else
		open_batches_close(w->batches, t);
}

/* When T can end, as far as is known; -1: it has current work. */
static int64_t
end_due(const struct target *t)
{
	return t->waiting || t->jobs ? -1 : t->again;
}

struct target *
worker_next_done(struct worker *w)
{
	for (struct target *t = w->batches->first; t && !w->run->fatal; t = t->next) {
		int64_t due = end_due(t);

		if (due < 0 || due > clock_ms())
			continue;
		t->again = 0;
		return t;
	}
	return NULL;
}

/* --- the worker --- */

static void
on_queue_event(void *arg, uint32_t events)
{
	struct worker *w = arg;
	char inotify_events[4096];

	(void)events;
	while (read(w->watch, inotify_events, sizeof(inotify_events)) > 0)
		w->told = true;
}

void
worker_begin(struct worker *w)
{
	w->watch = queue_watch(&w->run->root);
	w->watcher = (struct loop_watcher){.call = on_queue_event, .arg = w};
	if (w->watch >= 0 && loop_watch(w->run->loop, &w->watcher, w->watch, EPOLLIN) < 0) {
		close(w->watch);
		w->watch = -1;
	}
	if (trash_empty(&w->run->root) < 0)
		msg_warn_errno("cannot empty %s/trash", w->run->root.path);
}

struct worker *
worker_wait(struct run *run, struct open_batches *batches, struct run_queue *wants)
{
	struct worker *w = buf_alloc(sizeof(*w));

	*w = (struct worker){.run = run, .batches = batches, .wants = wants, .watch = -1, .told = true};
	w->lock = queue_hold_worker(&run->root, run->set->stand_by);
	if (w->lock < 0)
		msg_die_errno(msg_exit_code(errno), "cannot take part in the work on %s/queue", run->root.path);
	return w;
}

/* When to check the queue. */
static int64_t
look_due(const struct worker *w)
{
	return w->not_before < w->due && (w->told || (w->more && has_room(w))) ? w->not_before : w->due;
}

void
worker_turn(struct worker *w)
{
	int64_t due;

	if (!w->run->fatal && clock_ms() >= look_due(w))
		look_at_queue(w);
	due = look_due(w);
	for (const struct target *t = w->batches->first; t; t = t->next) {
		int64_t end = end_due(t);

		if (end >= 0 && end < due)
			due = end;
	}
	loop_set_timer(w->run->loop, &w->timer, due);
}

bool
worker_is_open(const struct worker *w)
{
	if (!w->run->set->once || w->batches->first || w->told || w->more)
		return true;
	return w->held && clock_ms() - w->held_since < HELD_MAX_MS;
}

int
worker_trouble(const struct worker *w)
{
	return w->troubled_count ? w->troubled[0].code : EX_ALL_WELL;
}

void
worker_end(struct worker *w)
{
	if (!w)
		return;
	loop_stop_timer(w->run->loop, &w->timer);
	loop_unwatch(w->run->loop, &w->watcher);
	if (w->watch >= 0)
		close(w->watch);
	close(w->lock);
	free(w);
}
