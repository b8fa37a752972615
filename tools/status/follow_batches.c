#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/msg.h"
#include "batch/watch_root.h"
#include "files/file.h"
#include "follow_batches.h"

/* The kernel reports the close of a file just before it releases the locks on it, and a process that is killed on a
 * busy machine may take long to close all its files. So a batch is checked again soon after an event, and then every
 * HELD_MS while a process works on it. */
static const int64_t pauses[] = {1000, 100, 20}; /* ms before the check after which so many are due */
enum { AGAIN = sizeof(pauses) / sizeof(*pauses), BLIND_MS = 2000, HELD_MS = 3000 };

static int
compare_batch_names(const void *a, const void *b)
{
	return strcmp((*(struct followed_batch *const *)a)->snapshot.name,
		      (*(struct followed_batch *const *)b)->snapshot.name);
}

static struct followed_batch *
find_followed(const struct follower *t, const char *name)
{
	size_t from = 0, to = t->n;

	while (from < to) {
		size_t middle = from + (to - from) / 2;
		int cmp = strcmp(t->v[middle]->snapshot.name, name);

		if (cmp == 0)
			return t->v[middle];
		if (cmp < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return NULL;
}

static void
free_followed(struct followed_batch *v)
{
	snapshot_free(&v->snapshot);
	batch_stats_free(&v->history);
	free(v);
}

/* --- which there are --- */

struct finding {
	struct follower *t;
	size_t known; /* the known batches, which are sorted */
};

static bool
add_found(const char *name, void *arg)
{
	struct finding *f = arg;
	struct follower *t = f->t;
	size_t n = t->n;
	struct followed_batch *v;

	t->n = f->known;
	v = find_followed(t, name);
	t->n = n;
	if (!v) {
		v = buf_alloc(sizeof(*v));
		*v = (struct followed_batch){.history = {.fd = -1}, .again = AGAIN};
		snapshot_set_name(&v->snapshot, name, t->several ? t->root : NULL);
		t->v = buf_realloc(t->v, (n + 1) * sizeof(struct followed_batch *));
		t->v[t->n++] = v;
	}
	v->found = true;
	return true;
}

/* Says why the batch NAME could not be opened, by errno. The exit code. */
static int
report_not_open(const struct follower *t, const char *name)
{
	struct snapshot s = {0};
	int error = errno, code;

	snapshot_set_name(&s, name, t->several ? t->root : NULL);
	errno = error;
	code = snapshot_report_not_open(s.shown);
	snapshot_free(&s);
	return code;
}

/* Whether the batch NAME exists; the program ends if that cannot be known. */
static bool
is_there(const struct follower *t, const char *name)
{
	int batches = root_open_dir(t->root->fd, "batches", false);
	int dir = batches < 0 ? -1 : root_open_dir(batches, name, false);

	if (dir < 0 && errno != ENOENT)
		msg_finish(report_not_open(t, name));
	return file_close(batches, file_close(dir, dir >= 0));
}

/* Finds the existing batches. 0 or -1. */
static int
find_all(struct follower *t)
{
	struct finding f = {t, t->n};

	if (!t->names->n)
		return batch_each(t->root, add_found, &f);
	for (size_t i = 0; i < t->names->n; i++)
		if (is_there(t, t->names->v[i]))
			add_found(t->names->v[i], &f);
	return 0;
}

/* Drops batches that do not exist, or no longer exist. */
static void
leave_gone(struct follower *t)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++) {
		struct followed_batch *v = t->v[i];

		if (v->found && !v->gone) {
			t->v[n++] = v;
			continue;
		}
		t->left(t, v, true);
		free_followed(v);
	}
	t->n = n;
}

/* Updates the list from batches/. Missing batches are dropped first, since another one may have the name. */
static void
list_batches(struct follower *t)
{
	t->list = false;
	leave_gone(t);
	for (size_t i = 0; i < t->n; i++)
		t->v[i]->found = false;
	if (find_all(t) < 0)
		msg_die_errno(msg_exit_code(errno), "cannot list the batches in %s", t->root->path);
	leave_gone(t);
	if (t->n > 0)
		qsort(t->v, t->n, sizeof(struct followed_batch *), compare_batch_names);
}

int
follower_open(struct follower *t)
{
	t->follow = watch_root_open(t->root);
	if (!t->follow)
		msg_die_errno(EX_OSERR, "cannot watch the batches (see inotify(7) for the limits)");
	for (size_t i = 0; i < t->names->n; i++)
		if (!is_there(t, t->names->v[i])) {
			errno = ENOENT;
			return report_not_open(t, t->names->v[i]);
		}
	list_batches(t);
	return 0;
}

/* --- what happens --- */

static void
schedule_look(struct follower *t, struct followed_batch *v)
{
	int64_t soon = clock_ms();

	soon = soon < v->looked + t->every && v->looked ? v->looked + t->every : soon;
	if (soon < v->due)
		v->due = soon;
	v->again = AGAIN;
}

static void
on_event(const struct watch_root_event *e, void *arg)
{
	struct follower *t = arg;
	struct followed_batch *v = *e->name ? find_followed(t, e->name) : NULL;
	bool all = e->what == WATCH_ROOT_LOST;
	/* A worker came or went. */
	bool queued = e->what == WATCH_ROOT_QUEUE && *e->name == '.';

	if (v && (e->what == WATCH_ROOT_GONE || (e->what == WATCH_ROOT_BATCHES && e->removed)))
		v->gone = true;
	t->list |= all || e->what == WATCH_ROOT_BATCHES || e->what == WATCH_ROOT_GONE;
	for (size_t i = 0; (all || queued) && i < t->n; i++)
		if (all || t->v[i]->snapshot.p.queued)
			schedule_look(t, t->v[i]);
	if (v && e->what != WATCH_ROOT_LEASES && e->what != WATCH_ROOT_REVIEW)
		schedule_look(t, v);
	if (t->heard)
		t->heard(t, v, e);
}

/* Checks the batch with its present files. The watch is added first, so that no change in between is missed. */
static void
look_at_batch(struct follower *t, struct followed_batch *v)
{
	int64_t now = clock_ms();
	bool blind = watch_root_add_batch(t->follow, v->snapshot.name) < 0 && errno != ENOENT;
	struct batch *b = batch_open(t->root, v->snapshot.name, BATCH_READ, NULL);

	v->looked = now;
	v->due = v->again > 0 ? now + pauses[--v->again] : follower_never;
	/* The more there are, the less often. */
	if (blind && now + BLIND_MS + (int64_t)t->n < v->due)
		v->due = now + BLIND_MS + (int64_t)t->n;
	if (b) {
		t->look(t, v, b);
		batch_close(b);
	} else if (errno != ENOENT) {
		v->snapshot.wrong = errno;
	}
	if (v->due == follower_never && v->snapshot.p.counts.held)
		v->due = now + HELD_MS;
}

int64_t
follower_look(struct follower *t)
{
	int64_t next = follower_never, now;

	if (t->list)
		list_batches(t);
	now = clock_ms();
	for (size_t i = 0; i < t->n; i++) {
		if (t->v[i]->due <= now)
			look_at_batch(t, t->v[i]);
		if (t->v[i]->due < next)
			next = t->v[i]->due;
	}
	return next;
}

void
follower_wait(struct follower *t, int64_t until, struct pollfd fds[FOLLOWER_FDS])
{
	int ms = until == follower_never ? -1 : clock_left(until);

	fds[0] = (struct pollfd){.fd = watch_root_fd(t->follow), .events = POLLIN};
	for (int i = 1; i < FOLLOWER_FDS; i++)
		fds[i].revents = 0;
	if (poll(fds, FOLLOWER_FDS, ms) < 0) {
		if (errno != EINTR)
			msg_die_errno(EX_OSERR, "cannot wait");
		return;
	}
	if (fds[0].revents)
		watch_root_handle_events(t->follow, on_event, t);
}

void
followers_wait(struct follower *t, size_t n, int64_t until)
{
	struct pollfd *fds = buf_alloc((n + 1) * sizeof(*fds));
	int rc;

	for (size_t i = 0; i < n; i++)
		fds[i] = (struct pollfd){.fd = watch_root_fd(t[i].follow), .events = POLLIN};
	rc = poll(fds, n, until == follower_never ? -1 : clock_left(until));
	if (rc < 0 && errno != EINTR)
		msg_die_errno(EX_OSERR, "cannot wait");
	for (size_t i = 0; rc > 0 && i < n; i++)
		if (fds[i].revents)
			watch_root_handle_events(t[i].follow, on_event, &t[i]);
	free(fds);
}

/* --- what they come to --- */

bool
follower_is_done(const struct follower *t)
{
	for (size_t i = 0; i < t->n; i++)
		if (!t->v[i]->looked || (!t->v[i]->snapshot.p.done && !t->v[i]->snapshot.wrong))
			return false;
	return true;
}

int
follower_exit_code(const struct follower *t, const struct settings *set)
{
	const struct snapshot **v = buf_alloc((t->n + 1) * sizeof(*v));
	int code;

	for (size_t i = 0; i < t->n; i++)
		v[i] = &t->v[i]->snapshot;
	code = snapshot_exit_code(v, t->n, set);
	free(v);
	return code;
}

void
follower_close(struct follower *t)
{
	for (size_t i = 0; i < t->n; i++) {
		t->left(t, t->v[i], false);
		free_followed(t->v[i]);
	}
	free(t->v);
	watch_root_close(t->follow);
}
