#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "msg.h"
#include "status.h"

/*
 * A batch is done when its last holder closes `lock` and nothing is left, so what wakes us is that close. The close is
 * told just before the kernel drops the lock: a batch is looked at again after 1, 2, 4... ms, up to STEP_MOST, and
 * only then is it at rest until the next event. A change of `state` gets one look, after LULL ms: there may be
 * thousands a second. Only closes after writing are heeded, so no reader of the batch wakes us, ourselves included.
 */
enum { STEP_MOST = 512, LULL = 50 };

static const int64_t never = INT64_MAX;

struct waited {
	const char *name;
	struct batch *b; /* NULL: no longer waited for */
	int wd;          /* the watch of its directory */
	int64_t due;     /* when to look at it next */
	int step;        /* ms to the look after that; 0: none */
	bool stale_said;
};

struct wait {
	const struct root *root;
	struct waited *v;
	size_t n, left;
	int ino;
	int batches_wd, queue_wd; /* the watches of batches/ and queue/; -1: none */
	int code;
};

static int
watch(const struct wait *w, const char *dir, const char *name, uint32_t mask)
{
	struct buf path = {0};
	int wd, error;

	buf_printf(&path, "%s/%s%s%s", w->root->path, dir, name ? "/" : "", name ? name : "");
	wd = inotify_add_watch(w->ino, path.data, mask | IN_ONLYDIR | IN_DONT_FOLLOW);
	error = errno;
	buf_free(&path);
	errno = error;
	return wd;
}

static void
settle(struct waited *v)
{
	v->due = clock_ms();
	v->step = 1;
}

static void
leave(struct wait *w, struct waited *v)
{
	batch_close(v->b);
	v->b = NULL;
	w->left--;
	if (v->wd >= 0)
		inotify_rm_watch(w->ino, v->wd);
	v->wd = -1;
}

_Noreturn static void
die_of_open(const char *name)
{
	if (errno == ENOENT)
		msg_die(EX_NOINPUT, "there is no batch '%s'; bi-status without names lists those there are", name);
	msg_die_errno(msg_code(errno), "cannot read the batch '%s'", name);
}

/* Opens it, which finds the files that are there now; and looks at it soon. */
static void
begin(struct wait *w, struct waited *v)
{
	if (v->b)
		batch_close(v->b);
	v->b = batch_open(w->root, v->name, BATCH_READ, NULL);
	if (!v->b)
		die_of_open(v->name);
	settle(v);
}

static void
say_stale(struct waited *v, const struct progress *p)
{
	if (!p->stale || v->stale_said)
		return;
	v->stale_said = true;
	msg_warn("%s: %" PRIu64 " of %" PRIu64 " items are left and nobody works on them; "
		 "still waiting, `bi-fetch -b %s --resume` goes on with them",
		 v->name, p->counts.pending + p->counts.processing, p->counts.total, v->name);
}

/* One look at a batch, and when the next one is due. */
static void
look(struct wait *w, struct waited *v)
{
	struct progress p;

	if (progress_read(w->root, v->b, &p) < 0)
		msg_die_errno(msg_code(errno), "cannot read the state of the batch '%s'", v->name);
	if (p.done) {
		leave(w, v);
		return;
	}
	if (p.queued && w->queue_wd < 0) {
		w->queue_wd = watch(w, "queue", NULL, IN_DELETE | IN_MOVED_FROM);
		settle(v);
	}
	if (v->step > 0 && v->step <= STEP_MOST) {
		v->due = clock_ms() + v->step;
		v->step *= 2;
		return;
	}
	if (v->step > 0)
		say_stale(v, &p);
	v->due = never;
	v->step = 0;
}

/* Something happened to the file NAME of a batch's directory. */
static void
heed_file(struct wait *w, struct waited *v, uint32_t mask, const char *name)
{
	bool is_state = strcmp(name, "state") == 0;

	if (strcmp(name, "lock") != 0 && !is_state)
		return;
	if (mask & (IN_CREATE | IN_MOVED_TO))
		begin(w, v);
	else if (!is_state && (mask & IN_CLOSE_WRITE))
		settle(v);
	else if (is_state && v->due == never)
		v->due = clock_ms() + LULL;
}

static void
gone(struct wait *w, struct waited *v)
{
	msg_warn("the batch '%s' was taken away while it was waited for", v->name);
	w->code = EX_NOINPUT;
	leave(w, v);
}

static void
heed(struct wait *w, const struct inotify_event *e)
{
	const char *name = e->len ? e->name : "";

	for (size_t i = 0; i < w->n; i++) {
		struct waited *v = &w->v[i];

		if (!v->b)
			continue;
		if (e->mask & IN_Q_OVERFLOW)
			begin(w, v);
		else if (e->wd == v->wd)
			heed_file(w, v, e->mask, name);
		else if (e->wd == w->queue_wd && strcmp(name, v->name) == 0)
			settle(v);
		else if (e->wd == w->batches_wd && strcmp(name, v->name) == 0)
			gone(w, v);
	}
}

static void
heed_all(struct wait *w)
{
	_Alignas(struct inotify_event) char events[16384];
	ssize_t got = read(w->ino, events, sizeof(events));

	if (got < 0 && errno != EAGAIN && errno != EINTR)
		msg_die_errno(EX_OSERR, "cannot read what happened to the batches");
	if (got < 0)
		return;
	for (char *at = events; at < events + got;) {
		const struct inotify_event *e = (const struct inotify_event *)(void *)at;

		heed(w, e);
		at += sizeof(*e) + e->len;
	}
}

/* Looks at all that are due and returns when the next one is. */
static int64_t
look_all(struct wait *w)
{
	int64_t next = never;

	for (size_t i = 0; i < w->n; i++) {
		struct waited *v = &w->v[i];

		if (v->b && v->due <= clock_ms())
			look(w, v);
		if (v->b && v->due < next)
			next = v->due;
	}
	return next;
}

static void
say_late(const struct wait *w)
{
	const char *first = NULL;

	for (size_t i = 0; i < w->n && !first; i++)
		if (w->v[i].b)
			first = w->v[i].name;
	msg_warn("the time is over and %s%s not done yet; wait again with bi-status --wait", first ? first : "a batch",
		 w->left > 1 ? " and others are" : " is");
}

static void
run(struct wait *w, int64_t deadline)
{
	struct pollfd p = {.fd = w->ino, .events = POLLIN};

	for (;;) {
		int64_t next = look_all(w), now = clock_ms(), ms;

		if (w->left == 0)
			return;
		if (now >= deadline) {
			say_late(w);
			w->code = EX_TEMPFAIL;
			return;
		}
		ms = (next < deadline ? next : deadline) - now;
		ms = ms < 0 ? 0 : ms > 3600000 ? 3600000 : ms;
		if (poll(&p, 1, next == never && deadline == never ? -1 : (int)ms) < 0 && errno != EINTR)
			msg_die_errno(EX_OSERR, "cannot wait");
		if (p.revents)
			heed_all(w);
	}
}

/* The watch comes before the first look: what happens between the two is not missed. */
static void
begin_all(struct wait *w, char **names)
{
	for (size_t i = 0; i < w->n; i++) {
		struct waited *v = &w->v[i];

		*v = (struct waited){.name = names[i], .wd = -1};
		begin(w, v);
		w->left++;
		v->wd = watch(w, "batches", v->name, IN_MODIFY | IN_CLOSE_WRITE | IN_CREATE | IN_MOVED_TO);
		if (v->wd < 0)
			msg_die_errno(EX_OSERR, "cannot watch the batch '%s' (inotify(7) tells the limits)", v->name);
		begin(w, v);
	}
}

int
wait_for(const struct root *root, char **names, size_t n, long ms)
{
	struct wait w = {.root = root, .n = n, .batches_wd = -1, .queue_wd = -1};

	if (n == 0)
		return 0;
	w.ino = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (w.ino < 0)
		msg_die_errno(EX_OSERR, "cannot watch the batches (inotify(7) tells the limits)");
	w.v = buf_alloc(n * sizeof(*w.v));
	w.batches_wd = watch(&w, "batches", NULL, IN_DELETE | IN_MOVED_FROM);
	begin_all(&w, names);
	run(&w, ms < 0 ? never : clock_ms() + ms);
	for (size_t i = 0; i < n; i++)
		if (w.v[i].b)
			leave(&w, &w.v[i]);
	free(w.v);
	close(w.ino);
	return w.code;
}
