/* What waits: jobs in the queues of their hosts and for their next attempt, and items of other processes. */
#include <stdlib.h>

#include "base/buf.h"
#include "base/clock.h"
#include "scheduler_internal.h"

void
scheduler_note_held_due(void *arg)
{
	((struct scheduler *)arg)->held_due = true;
}

void
scheduler_hold(struct scheduler *s, struct target *t, uint32_t item)
{
	run_queue_add(&s->held, t, item);
	if (!s->held_timer.at)
		loop_set_timer(s->run->loop, &s->held_timer, clock_ms() + HELD_MS);
}

void
scheduler_leave_job(struct scheduler *s, struct job *j)
{
	s->run->stops.items_left++;
	j->stays_pending = true;
	job_free(j);
}

void
scheduler_enqueue(struct scheduler *s, struct job *j, bool front)
{
	if (j->host->left) {
		scheduler_leave_job(s, j);
		return;
	}
	if (front)
		job_list_push(&j->host->queue, j);
	else
		job_list_add(&j->host->queue, j);
	s->queued++;
	s->queued_weight += j->weight;
	host_update(j->host);
}

void
scheduler_dequeue(struct scheduler *s, struct job *j)
{
	job_list_cut(&j->host->queue, j);
	s->queued--;
	s->queued_weight -= j->weight;
}

void
scheduler_requeue(struct scheduler *s, struct job *j)
{
	j->host = host_table_get(s->hosts, j);
	scheduler_enqueue(s, j, true);
}

void
scheduler_add(struct scheduler *s, struct job *j)
{
	j->host = host_table_get(s->hosts, j);
	scheduler_enqueue(s, j, false);
}

void
scheduler_release(struct scheduler *s, struct job *j)
{
	struct host *h = j->host;

	s->active--;
	h->active--;
	host_keep_slot(h, j->slot);
	j->host = NULL;
	j->slot = -1;
	host_update(h);
}

/* --- sleepers --- */

struct job *
scheduler_end_sleep(struct sleeper *sleeper)
{
	struct job *j = sleeper->job;

	loop_stop_timer(sleeper->scheduler->run->loop, &sleeper->timer);
	*sleeper->at = sleeper->next;
	if (sleeper->next)
		sleeper->next->at = sleeper->at;
	sleeper->scheduler->asleep_weight -= j->weight;
	free(sleeper);
	return j;
}

static void
on_wake(void *arg)
{
	struct sleeper *sleeper = arg;
	struct scheduler *s = sleeper->scheduler;

	scheduler_requeue(s, scheduler_end_sleep(sleeper));
}

void
scheduler_retry(struct scheduler *s, struct job *j, long wait_ms)
{
	struct sleeper *sleeper = buf_alloc(sizeof(*sleeper));

	*sleeper = (struct sleeper){
		.scheduler = s,
		.job = j,
		.timer = {.call = on_wake, .arg = sleeper},
		.next = s->sleepers,
		.at = &s->sleepers,
	};
	if (s->sleepers)
		s->sleepers->at = &sleeper->next;
	s->sleepers = sleeper;
	s->asleep_weight += j->weight;
	loop_set_timer(s->run->loop, &sleeper->timer, clock_ms() + wait_ms);
}

void
scheduler_avoid_others(struct scheduler *s, const struct target *t, struct host *h)
{
	run_queue_jump(s->wants, t);
	if (h)
		s->parked += run_queue_jump(&h->parked, t);
}

bool
scheduler_claim(struct scheduler *s, struct job *j)
{
	bool busy = target_is_busy(j->target, j->item);
	enum batch_claim claim = job_claim(j);

	if (claim != CLAIM_OURS && !busy)
		scheduler_avoid_others(s, j->target, j->host);
	switch (claim) {
	case CLAIM_OURS:
		return true;
	case CLAIM_HELD:
		scheduler_hold(s, j->target, j->item);
		break;
	case CLAIM_DONE:
	case CLAIM_FAILED:
		run_queue_add(s->stored, j->target, j->item);
		break;
	case CLAIM_REMOVED:
		s->run->asked--;
		break;
	case CLAIM_ERROR:
		break;
	}
	job_free(j);
	return false;
}
