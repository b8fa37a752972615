/*
 * cancel: letting go of a batch that bi-clean cancels. Whoever works on a batch asks once a second (batch_is_cancelled)
 * and fails what he has of it: what is under way is ended, what sleeps or waits for its host is not begun. Items that
 * are on their way to being recorded are; the rest is bi-clean's.
 */
#include <string.h>

#include "fetch.h"

enum { EVERY_MS = 1000 };

bool
cancel_judge(struct job *j)
{
	if (!j->target->cancelled)
		return false;
	judge_fail(j, false, "cancelled", "the batch was cancelled before it was fetched");
	return true;
}

/* Ends the transfers of T. One that is ended may begin another of its host, so the list is looked at anew. */
static void
end_transfers(struct fetch *f, const struct target *t)
{
	struct job *j = f->http.first;

	while (j) {
		if (j->target == t && !j->asking) {
			http_done(f, j->easy, CURLE_ABORTED_BY_CALLBACK);
			j = f->http.first;
		} else {
			j = j->next;
		}
	}
}

void
cancel_turn(struct fetch *f)
{
	int64_t now = clock_ms();

	if (now < f->cancel_due)
		return;
	f->cancel_due = now + EVERY_MS;
	for (struct target *t = f->targets; t; t = t->next) {
		bool was = t->cancelled;
		int is = batch_is_cancelled(t->batch);

		if (is < 0)
			fetch_fail(f, "asking whether a batch is cancelled");
		t->cancelled = is > 0;
		if (!t->cancelled || was)
			continue;
		plan_let_go(f, t);
		end_transfers(f, t);
	}
}
