/*
 * work: batches from the queue (queue.h), several at once, for as long as the worker lives.
 *
 * A batch is opened when its entry is met and nobody holds that, all its items are wanted, and it is closed and
 * forgotten when none is left: then the entry goes. Wants are taken from each batch in turn (run_queue.c), so that one
 * does not wait behind another. Any number of workers may do this side by side: who works on an item is what its claim
 * says.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/msg.h"
#include "batch/queue.h"
#include "fetch.h"
#include "files/file.h"
#include "files/trash.h"
#include "notebook/notebook.h"

enum {
	BATCHES_MAX = 128,      /* that are worked on at once: each has some ten descriptors */
	LOOK_MS = 60 * 1000,    /* at the queue, though nothing was told of it */
	LOOK_UNTOLD_MS = 1000,  /* where nothing can be told */
	SOON_MS = 50,           /* at what somebody holds, or what was left */
	TROUBLE_MS = 60 * 1000, /* until a batch that cannot be worked on is tried again */
	TROUBLED_MAX = 256,
	HELD_MAX_MS = 10 * 1000, /* --once: that a batch which is being made is waited for */
	LOOK_SHARE = 5,          /* looking takes one part in so many of the time, at most */
};

struct work {
	int lock, watch; /* WATCH: -1 where nothing tells of the queue */
	int64_t due;     /* of the next look at the queue */
	int64_t not_before;
	bool told, more;    /* MORE: batches wait for others to be done */
	bool held;          /* the last look met a batch that somebody holds */
	int64_t held_since; /* and since then nothing else was to do */
	struct troubled {
		char name[BATCH_NAME_MAX + 1];
		int64_t until;
		int code;
	} troubled[TROUBLED_MAX];
	size_t troubled_count;
};

/* --- batches that cannot be worked on: said, and left alone for a while --- */

static bool
is_troubled(struct work *w, const char *name)
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
note_trouble(struct work *w, const char *name, const char *doing)
{
	size_t at = w->troubled_count < TROUBLED_MAX ? w->troubled_count++ : 0;

	w->troubled[at].code = msg_exit_code(errno);
	msg_warn_errno("the batch '%s' stays in the queue: cannot %s", name, doing);
	memcpy(w->troubled[at].name, name, strlen(name) + 1);
	w->troubled[at].until = clock_ms() + TROUBLE_MS;
}

/* --- what a killed maker left --- */

struct making {
	const struct fetch *f;
	bool is_half; /* out: it was, and could not be removed */
};

/* 1, 0, or -1 with errno. */
static int
has_results(const struct batch *b)
{
	struct stat st;
	int rc = file_stat(batch_dirfd(b), "results.ndjson", &st);

	return rc > 0 ? st.st_size > 0 : rc;
}

/* 1 where the batch has fewer items than its maker announced, or is none; 0 where it is whole, as one with results was
 * before; -1 with errno where that cannot be known. */
static int
is_half_made(const struct fetch *f, const char *name)
{
	struct batch *b = batch_open(&f->root, name, BATCH_READ, NULL);
	struct json_object *about = NULL;
	struct buf text = {0};
	int64_t length;
	int rc, error;

	if (!b)
		return errno == ENOENT ? 1 : -1;
	rc = has_results(b);
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

/* With its entry held: nobody makes it. */
static bool
remove_half_made(const char *name, void *arg)
{
	struct making *m = arg;

	int rc = is_half_made(m->f, name);

	m->is_half = rc != 0;
	if (rc <= 0)
		return false;
	if (trash_batch(&m->f->root, name) == 0 || errno == ENOENT) {
		m->is_half = false;
		msg_warn("the batch '%s' was being handed in when its maker was killed: removed", name);
		return true;
	}
	return false;
}

/* --- the look at the queue --- */

static void
want_all(struct fetch *f, struct target *t)
{
	int64_t n = batch_length(t->batch);

	if (n < 0) {
		fetch_fail(f, "counting the items");
		return;
	}
	for (uint32_t k = t->wanted_to + 1; k <= n; k++)
		plan_want(f, t, k);
	f->tally.asked += (uint64_t)n - t->wanted_to;
	t->wanted_to = (uint32_t)n;
}

/* Whether it has items that we have not seen, or that cannot be counted, which want_all() says. */
static bool
has_more(const struct target *t)
{
	int64_t n = batch_length(t->batch);

	return n < 0 || n > (int64_t)t->wanted_to;
}

static void
take_batch(struct fetch *f, const char *name)
{
	struct work *w = f->work;
	struct making m = {.f = f};
	struct target *t;
	int half = is_half_made(f, name);

	if (half < 0) {
		note_trouble(w, name, "look into it");
		return;
	}
	if (half) {
		if (queue_end(&f->root, name, remove_half_made, &m) < 0 || m.is_half)
			note_trouble(w, name, "remove what is left of it");
		return;
	}
	t = target_open(f, name, NULL);
	if (t)
		want_all(f, t);
	else if (errno == EINTR)
		fetch_fail(f, "opening a batch");
	else
		note_trouble(w, name, "open it");
}

static bool
has_room(const struct fetch *f)
{
	size_t open = 0;

	for (const struct target *t = f->targets; t; t = t->next)
		open++;
	return open < BATCHES_MAX;
}

static bool
see(const char *name, void *arg)
{
	struct fetch *f = arg;
	struct work *w = f->work;
	struct target *t = target_find(f, name);
	int held;

	if (t) {
		if (!t->again && has_more(t))
			want_all(f, t);
		return true;
	}
	if (is_troubled(w, name))
		return true;
	w->more = !has_room(f);
	if (w->more)
		return false;
	held = queue_is_held(&f->root, name);
	if (held < 0) {
		note_trouble(w, name, "read its entry");
	} else if (held) {
		w->held = true;
		w->due = clock_ms() + SOON_MS;
	} else {
		take_batch(f, name);
	}
	return !f->fatal && !f->stop_signal;
}

static void
look(struct fetch *f)
{
	struct work *w = f->work;
	int64_t begun = clock_ms(), end;

	w->told = w->more = w->held = false;
	w->due = begun + (w->watch >= 0 ? LOOK_MS : LOOK_UNTOLD_MS);
	if (queue_each(&f->root, see, f) < 0)
		fetch_fail(f, "reading the queue");
	end = clock_ms();
	w->not_before = end + (end - begun) * LOOK_SHARE;
	if (!w->held || f->targets || !w->held_since)
		w->held_since = end;
}

/* --- the end of a batch --- */

/* With its entry held, so that nobody adds to it: nothing is left, and there is nothing that we have not seen. */
static bool
is_done(const char *name, void *arg)
{
	struct target *t = arg;
	struct batch_counts c;

	(void)name;
	t->left = batch_count(t->batch, &c) < 0 || c.pending + c.processing > 0 || c.total != t->wanted_to;
	return !t->left;
}

/* Nothing of T is under way here. */
static void
end_batch(struct fetch *f, struct target *t)
{
	const char *name = batch_name(t->batch);
	const char *doing = NULL;
	int rc = 0;

	if (t->left) {
		/* Somebody gave up what we had left to him, or tries again what had failed. */
		t->left = false;
		t->wanted_to = 0;
	}
	if (has_more(t)) {
		want_all(f, t);
		return;
	}
	expansion_forget(f, t);
	if (upload_sweep(t) < 0)
		doing = "remove its uploads";
	else if (t->notebook && notebook_import_results(&f->root, t->batch) < 0)
		doing = "take its results into its notebook";
	else if ((rc = queue_end(&f->root, name, is_done, t)) < 0)
		doing = "remove its entry";
	if (doing)
		note_trouble(f->work, name, doing);
	if (rc > 0)
		t->again = clock_ms() + SOON_MS;
	else
		target_close(f, t);
}

/* When T can be ended, as far as is known; -1: something is under way. */
static int64_t
end_due(const struct fetch *f, const struct target *t)
{
	return t->waiting || t->jobs > expansion_kept(f, t) ? -1 : t->again;
}

static void
end_batches(struct fetch *f)
{
	int64_t due;

	struct target *next;

	for (struct target *t = f->targets; t && !f->fatal; t = next) {
		next = t->next;
		due = end_due(f, t);
		if (due < 0 || due > clock_ms())
			continue;
		t->again = 0;
		end_batch(f, t);
	}
}

/* --- the worker --- */

void
work_begin(struct fetch *f)
{
	struct epoll_event e = {.events = EPOLLIN};
	struct work *w = f->work;

	w->watch = queue_watch(&f->root);
	e.data.fd = w->watch;
	if (w->watch >= 0 && epoll_ctl(f->epoll, EPOLL_CTL_ADD, w->watch, &e) < 0) {
		close(w->watch);
		w->watch = -1;
	}
	if (trash_empty(&f->root) < 0)
		msg_warn_errno("cannot empty %s/trash", f->root.path);
}

void
work_wait(struct fetch *f)
{
	f->work = buf_alloc(sizeof(*f->work));
	*f->work = (struct work){.watch = -1, .told = true};
	f->work->lock = queue_hold_worker(&f->root, f->set->stand_by);
	if (f->work->lock < 0)
		msg_die_errno(msg_exit_code(errno), "cannot take part in the work on %s/queue", f->root.path);
}

bool
work_has(struct fetch *f, int fd)
{
	char events[4096];

	if (!f->work || fd != f->work->watch)
		return false;
	while (read(fd, events, sizeof(events)) > 0)
		f->work->told = true;
	return true;
}

/* When to look at the queue. */
static int64_t
look_due(const struct fetch *f)
{
	const struct work *w = f->work;

	return w->not_before < w->due && (w->told || (w->more && has_room(f))) ? w->not_before : w->due;
}

void
work_turn(struct fetch *f)
{
	if (!f->work)
		return;
	end_batches(f);
	if (!f->fatal && clock_ms() >= look_due(f))
		look(f);
}

bool
work_is_open(const struct fetch *f)
{
	const struct work *w = f->work;

	if (!w)
		return false;
	if (!f->set->once || f->targets || w->told || w->more)
		return true;
	return w->held && clock_ms() - w->held_since < HELD_MAX_MS;
}

int
work_trouble(const struct fetch *f)
{
	return f->work && f->work->troubled_count ? f->work->troubled[0].code : EX_ALL_WELL;
}

int64_t
work_due(const struct fetch *f)
{
	const struct work *w = f->work;
	int64_t due;

	if (!w)
		return -1;
	due = look_due(f);
	for (const struct target *t = f->targets; t; t = t->next) {
		int64_t end = end_due(f, t);

		if (end >= 0 && end < due)
			due = end;
	}
	return due;
}

void
work_end(struct fetch *f)
{
	if (!f->work)
		return;
	if (f->work->watch >= 0)
		close(f->work->watch);
	close(f->work->lock);
	free(f->work);
	f->work = NULL;
}
