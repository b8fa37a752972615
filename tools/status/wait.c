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
		msg_die_errno(msg_exit_code(errno), "cannot read the state of the batch '%s'", v->snapshot.name);
	w->done |= p->done;
	if (w->done || w->stale_said || !p->stale || v->again > 0)
		return;
	w->stale_said = true;
	msg_warn("%s: %" PRIu64 " of %" PRIu64 " items are left and no process works on them; "
		 "still waiting, `bi-fetch -b %s --resume` goes on with them",
		 v->snapshot.name, snapshot_items_left(&v->snapshot), p->counts.total, v->snapshot.name);
}

static void
on_batch_left(struct follower *t, struct followed_batch *v, bool gone)
{
	int *code = t->arg;

	if (gone && !waited_of(v)->done) {
		msg_warn("the batch '%s' was removed while bi-status waited for it", v->snapshot.name);
		*code = EX_NOINPUT;
	}
	free(v->own);
	v->own = NULL;
}

/* How many batches are waited for, and the FIRST of them. */
static size_t
count_left(const struct follower *t, const char **first)
{
	size_t n = 0;

	*first = NULL;
	for (size_t i = 0; i < t->n; i++) {
		const struct snapshot *s = &t->v[i]->snapshot;

		if (s->wrong) {
			errno = s->wrong;
			msg_die_errno(msg_exit_code(s->wrong), "cannot read the batch '%s'", s->name);
		}
		if (waited_of(t->v[i])->done)
			continue;
		*first = *first ? *first : s->name;
		n++;
	}
	return n;
}

static void
run_wait(struct follower *t, int *code, int64_t deadline)
{
	struct pollfd fds[FOLLOWER_FDS] = {{.fd = -1}, {.fd = -1}, {.fd = -1}};

	for (;;) {
		int64_t next = follower_look(t);
		const char *first;
		size_t n = count_left(t, &first);

		if (n == 0)
			return;
		if (clock_ms() >= deadline) {
			msg_warn("the time is over and %s%s not done yet; wait again with bi-status --wait", first,
				 n > 1 ? " and others are" : " is");
			*code = EX_TEMPFAIL;
			return;
		}
		follower_wait(t, next < deadline ? next : deadline, fds);
	}
}

int
batches_wait(const struct root *root, const struct batch_args *names, long ms)
{
	int code = 0, rc;
	struct follower t = {.root = root,
			     .names = names,
			     .every = LULL,
			     .look = on_batch_change,
			     .left = on_batch_left,
			     .arg = &code};

	if (names->n == 0)
		return 0;
	rc = follower_open(&t);
	if (rc)
		msg_finish(rc);
	run_wait(&t, &code, ms < 0 ? follower_never : clock_ms() + ms);
	follower_close(&t);
	return code;
}
