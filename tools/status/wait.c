#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/msg.h"
#include "follow_batches.h"
#include "wait.h"

enum { LULL = 50 }; /* ms between two checks of a batch, which may change thousands of times a second */

struct waited {
	bool done; /* it was done at some time, so it is no longer waited for */
	bool stale_said;
};

static struct waited *
waited_of(struct followed_batch *v)
{
	if (!v->own)
		v->own = buf_alloc(sizeof(struct waited));
	return v->own;
}

static void
on_batch_change(struct follower *t, struct followed_batch *v, struct batch *b)
{
	struct waited *w = waited_of(v);
	const struct job_status *p = &v->snapshot.p;

	if (snapshot_take(t->root, &v->snapshot, b, NULL) < 0)
		msg_die_errno(msg_exit_code(errno), "cannot read the state of the batch '%s'", v->snapshot.shown);
	w->done |= p->done;
	if (w->done || w->stale_said || !p->stale || v->again > 0)
		return;
	w->stale_said = true;
	msg_warn("%s: %" PRIu64 " of %" PRIu64 " items are left and no process works on them; "
		 "still waiting, `bi-fetch %s-b %s --resume` goes on with them",
		 v->snapshot.shown, snapshot_items_left(&v->snapshot), p->counts.total, v->snapshot.at,
		 v->snapshot.name);
}

static void
on_batch_left(struct follower *t, struct followed_batch *v, bool gone)
{
	int *code = t->arg;

	if (gone && !waited_of(v)->done) {
		msg_warn("the batch '%s' was removed while bi-status waited for it", v->snapshot.shown);
		*code = EX_NOINPUT;
	}
	free(v->own);
	v->own = NULL;
}

/* Adds how many batches of T are waited for to N, and stores the FIRST of all. */
static void
count_left(const struct follower *t, size_t *n, const char **first)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct snapshot *s = &t->v[i]->snapshot;

		if (s->wrong) {
			errno = s->wrong;
			msg_die_errno(msg_exit_code(s->wrong), "cannot read the batch '%s'", s->shown);
		}
		if (waited_of(t->v[i])->done)
			continue;
		*first = *first ? *first : s->shown;
		++*n;
	}
}

/* Waits for those of N roots. */
static void
run_wait(struct follower *t, size_t n, int *code, int64_t deadline)
{
	for (;;) {
		int64_t next = deadline;
		const char *first = NULL;
		size_t left = 0;

		for (size_t i = 0; i < n; i++) {
			int64_t due = follower_look(&t[i]);

			next = due < next ? due : next;
			count_left(&t[i], &left, &first);
		}
		if (left == 0)
			return;
		if (clock_ms() >= deadline) {
			msg_warn("the time is over and %s%s not done yet; wait again with bi-status --wait", first,
				 left > 1 ? " and others are" : " is");
			*code = EX_TEMPFAIL;
			return;
		}
		followers_wait(t, n, next);
	}
}

int
batches_wait(const struct chosen *c, long ms)
{
	struct follower *t = buf_alloc(c->n * sizeof(*t));
	size_t n = 0;
	int code = 0;

	for (size_t i = 0; i < c->n; i++) {
		int rc;

		if (c->v[i].names.n == 0)
			continue;
		t[n] = (struct follower){.root = &c->v[i].root,
					 .names = &c->v[i].names,
					 .every = LULL,
					 .several = chosen_several(c, i) != NULL,
					 .look = on_batch_change,
					 .left = on_batch_left,
					 .arg = &code};
		rc = follower_open(&t[n++]);
		if (rc)
			msg_finish(rc);
	}
	run_wait(t, n, &code, ms < 0 ? follower_never : clock_ms() + ms);
	for (size_t i = 0; i < n; i++)
		follower_close(&t[i]);
	free(t);
	return code;
}
