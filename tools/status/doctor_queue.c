/* Checks of the queue: entries that cannot be read, and batches that wait for a worker. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "batch/batch.h"
#include "batch/batch_priority.h"
#include "batch/queue.h"
#include "doctor_checks.h"
#include "files/file.h"

enum { BEHIND = 600 }; /* s that a batch may wait while a worker lives */

struct waiting {
	const struct root *root;
	size_t n;       /* batches in the queue */
	size_t waiting; /* of these, those on which no process works */
	struct doctor *d;
	char first[BATCH_NAME_MAX + 1]; /* the one that waits longest */
	time_t since;
	int error; /* of an entry or batch that cannot be examined */
	char odd[BATCH_NAME_MAX + 1];
};

/* 1, 0, or -1 with errno. */
static int
is_worked_on(const struct root *root, const char *batch)
{
	struct batch *b = batch_open(root, batch, BATCH_READ, NULL);
	struct batch_counts counts;
	int rc;

	if (!b)
		return errno == ENOENT ? 0 : -1;
	rc = batch_count(b, &counts) < 0 ? -1 : counts.held;
	batch_close(b);
	return rc;
}

/* Whether no process makes the batch of an entry or works on it. 1 with the entry's ST, 0, or -1 with errno. */
static int
is_waiting(const struct waiting *w, const char *batch, struct stat *st)
{
	int held = queue_is_held(w->root, batch);
	char path[sizeof("queue/") + BATCH_NAME_MAX];

	if (held == 0)
		held = is_worked_on(w->root, batch);
	if (held != 0)
		return held < 0 ? -1 : 0;
	snprintf(path, sizeof(path), "queue/%s", batch);
	return file_stat(w->root->fd, path, st);
}

/* A worker takes a batch whose priority cannot be read for one of normal priority, and leaves it in the queue. */
static void
look_at_priority(struct doctor *d, const char *batch)
{
	char path[sizeof("batches/") + BATCH_NAME_MAX];

	snprintf(path, sizeof(path), "batches/%s", batch);
	if (batch_priority_read(d->root->fd, path) >= 0)
		return;
	doctor_find(d, DOCTOR_PROBLEM, batch, "the priority of %s, which is in the queue, cannot be read: %s", batch,
		    errno == EBADMSG ? "the file has no priority" : strerror(errno));
	doctor_mend(d, "remove '%s/%s/priority', or check its permissions", d->root->path, path);
}

static bool
note_entry(const char *batch, void *arg)
{
	struct waiting *w = arg;
	struct stat st;
	int is;

	look_at_priority(w->d, batch);
	w->n++;
	is = is_waiting(w, batch, &st);
	if (is < 0 && !w->error) {
		w->error = errno;
		snprintf(w->odd, sizeof(w->odd), "%s", batch);
	}
	if (is > 0 && w->waiting++ == 0) {
		snprintf(w->first, sizeof(w->first), "%s", batch);
		w->since = st.st_mtim.tv_sec;
	}
	return true;
}

void
doctor_queue(struct doctor *d)
{
	struct waiting w = {.root = d->root, .d = d};
	int worker = queue_has_worker(d->root), error = errno;
	char room[DOCTOR_SPAN];

	if (queue_each(d->root, note_entry, &w) < 0) {
		doctor_find(d, DOCTOR_PROBLEM, NULL, "queue cannot be read: %s", strerror(errno));
		doctor_mend(d, "check the permissions of '%s/queue'", d->root->path);
		return;
	}
	if (w.error) {
		doctor_find(d, DOCTOR_PROBLEM, w.odd,
			    "cannot tell whether a process works on %s, which is in the queue: %s", w.odd,
			    strerror(w.error));
		doctor_mend(d, "check the permissions of '%s/queue/%s' and '%s/batches/%s'", d->root->path, w.odd,
			    d->root->path, w.odd);
	}
	if (worker < 0) {
		doctor_find(d, DOCTOR_PROBLEM, NULL, "cannot tell whether a worker runs: %s", strerror(error));
		doctor_mend(d, "check the permissions of '%s/queue/.lock'", d->root->path);
	} else if (w.waiting > 0 && !worker) {
		doctor_find(d, DOCTOR_PROBLEM, w.first, "%zu batch%s and no worker runs; %s has waited for %s",
			    w.waiting, w.waiting == 1 ? " waits" : "es wait", w.first,
			    doctor_span(room, doctor_seconds_since(w.since)));
		doctor_mend(d, "start one: `bi-fetch --work`, or a server that keeps one: `bi-serve BATCH`");
	} else if (w.waiting > 0 && doctor_seconds_since(w.since) > BEHIND) {
		doctor_find(
			d, DOCTOR_PROBLEM, w.first,
			"%zu of %zu batches wait for their turn, %s for %s: batches arrive faster than they are done",
			w.waiting, w.n, w.first, doctor_span(room, doctor_seconds_since(w.since)));
		doctor_mend(d, "start another worker: `bi-fetch --work`; `bi-status` shows what the present one does");
	}
	doctor_looked(d, "%zu in the queue, %s", w.n,
		      worker < 0 ? "perhaps a worker"
		      : worker   ? "a worker"
				 : "no worker");
}
