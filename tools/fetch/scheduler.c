#include <stdlib.h>

#include "base/buf.h"
#include "base/clock.h"
#include "scheduler_internal.h"

/* Neighbours that are claimed by one lock are begun within this time, or given back to other processes. */
enum { RUN_MS = 100 };

/* Gives back what is claimed ahead of the host, and claims one at a time from now on. */
static void
give_back(struct host *h)
{
	for (struct job *j = h->run > 1 ? h->queue.first : NULL; j; j = j->next)
		if (j->ahead)
			job_release_claim(j);
	h->run = 1;
}

static void
give_back_late(struct host *h, void *arg)
{
	struct scheduler *s = arg;
	struct job *j = h->queue.first;

	while (j && !j->ahead)
		j = j->next;
	if (!j)
		return;
	if (clock_ms() - h->run_since >= RUN_MS)
		give_back(h);
	else if (!s->run_timer.at || h->run_since + RUN_MS < s->run_timer.due)
		loop_set_timer(s->run->loop, &s->run_timer, h->run_since + RUN_MS);
}

static void
on_run_late(void *arg)
{
	struct scheduler *s = arg;

	host_table_each(s->hosts, give_back_late, s);
}

struct scheduler *
scheduler_new(struct run *run, struct host_table *hosts, struct run_queue *wants, struct run_queue *stored,
	      struct job_list *members, struct job_list *ended)
{
	struct scheduler *s = buf_alloc(sizeof(*s));

	*s = (struct scheduler){
		.run = run,
		.hosts = hosts,
		.wants = wants,
		.stored = stored,
		.members = members,
		.ended = ended,
		.held_timer = {.call = scheduler_note_held_due, .arg = s},
		.run_timer = {.call = on_run_late, .arg = s},
	};
	return s;
}

void
scheduler_show_new(struct scheduler *s, struct job_list *new)
{
	s->new = new;
}

/* --- starting --- */

bool
scheduler_has_next(const struct scheduler *s)
{
	return host_table_has_next(s->hosts) && s->active < (unsigned)s->run->set->parallel && !s->run->fatal;
}

/* Checks whether another process, such as bi-clean cancel, has ended the item of a waiting job. False after run_fail().
 */
static bool
is_ended_by_others(struct scheduler *s, const struct job *j)
{
	int state = j->claimed ? 'r' : batch_state(j->target->batch, j->item);
	int is = state == 'f' ? batch_is_ended(j->target->batch, j->item, s->run->set->retry)
			      : state == 'c' && !j->update;

	if (state < 0 || is < 0)
		run_fail(s->run, "reading the state of an item");
	return state >= 0 && is > 0;
}

/* The items of a host that is held back may be ended in the meantime, and then nothing waits for the host. */
static void
let_go_of_ended(struct scheduler *s, struct host *h)
{
	struct job *next;
	bool more;

	h->active++; /* so that it stays */
	do {
		more = false;
		for (struct job *j = h->queue.first; j && !s->run->fatal; j = next) {
			next = j->next;
			if (!is_ended_by_others(s, j))
				continue;
			scheduler_dequeue(s, j);
			run_queue_add(s->stored, j->target, j->item);
			job_free(j);
			more = true;
		}
		scheduler_refill(s, h);
	} while (more && !s->run->fatal);
	h->active--;
	host_update(h);
}

/* Whether the job can be claimed together with its neighbours. */
static bool
is_for_run(const struct job *j)
{
	return !j->claimed && !j->update && !j->target->cancelled && !target_is_busy(j->target, j->item);
}

/* Claims the jobs at the front of the queue of H that are neighbours in the batch: twice as many as last, as long as
 * they are begun soon. If that fails, they are claimed one by one. */
static void
claim_neighbours(struct scheduler *s, struct host *h)
{
	struct job *first = h->queue.first, *j = first;
	unsigned most = h->run < BATCH_RUN_MAX / 2 ? 2 * h->run : BATCH_RUN_MAX, n = 0;
	int got;

	h->run = h->run ? h->run : 1;
	for (; j && n < most && is_for_run(j) && j->target == first->target && j->item == first->item + n; j = j->next)
		n++;
	if (n < 2)
		return;
	got = batch_claim_run(first->target->batch, first->item, n);
	if (got < 0)
		run_fail(s->run, "claiming an item");
	j = first;
	for (int i = 0; i < got; i++, j = j->next) {
		job_note_claimed(j);
		j->ahead = true;
	}
	if (got < 2)
		return;
	h->run = (unsigned)got > h->run ? (unsigned)got : h->run;
	h->run_since = clock_ms();
	if (!s->run_timer.at)
		loop_set_timer(s->run->loop, &s->run_timer, h->run_since + RUN_MS);
}

/* Whether another process has completed the item of a job in the meantime: this takes fewer calls than a claim. */
static bool
is_completed_by_others(const struct job *j)
{
	return !j->claimed && !j->update && !target_is_busy(j->target, j->item) &&
	       batch_state_lately(j->target->batch, j->item) == 'c';
}

/* Takes the first job of the host that is claimed or can be. NULL: there is none. */
static struct job *
claim_next(struct scheduler *s, struct host *h)
{
	struct job *j;

	while ((j = h->queue.first) && !s->run->fatal) {
		if (is_completed_by_others(j)) {
			scheduler_dequeue(s, j);
			run_queue_add(s->stored, j->target, j->item);
			job_free(j);
			continue;
		}
		if (!j->claimed)
			claim_neighbours(s, h);
		scheduler_dequeue(s, j);
		j->claimed_now = !j->claimed || j->ahead;
		j->ahead = false;
		if (j->claimed || scheduler_claim(s, j))
			return j;
	}
	return NULL;
}

struct job *
scheduler_next(struct scheduler *s)
{
	struct host *h = host_table_next(s->hosts);
	struct job *j;
	int slot;

	if (!h)
		return NULL;
	if (!host_acquire_slot(h, &slot)) {
		give_back(h);
		if (h->held_until)
			let_go_of_ended(s, h);
		return NULL;
	}
	h->active++; /* so that it stays, even if its last job is removed */
	j = claim_next(s, h);
	if (!j) {
		host_release_slot(h, slot);
	} else if (!host_count_start(h, slot)) {
		/* Another process may take the item, rather than wait for the host as well. */
		if (j->claimed_now)
			job_release_claim(j);
		give_back(h);
		scheduler_enqueue(s, j, true);
		j = NULL;
	} else {
		j->slot = slot;
		j->attempts++;
		h->active++;
		s->active++;
	}
	scheduler_refill(s, h);
	h->active--;
	host_update(h);
	return j;
}

/* --- letting go --- */

struct cancelling {
	struct scheduler *scheduler;
	struct target *target;
};

/* A job that is no longer in a list ends if this process has claimed its item; otherwise the item is checked again. */
static void
end_cancelled(struct scheduler *s, struct job *j)
{
	if (j->claimed && verdict_cancel(j)) {
		body_drop(&j->body);
		job_list_add(s->ended, j);
	} else {
		run_queue_add(s->wants, j->target, j->item);
		job_free(j);
	}
}

/* Removes all items of the target from the queue of the host, and from those kept as numbers. */
static void
empty_queue(struct host *h, void *arg)
{
	const struct cancelling *c = arg;
	struct scheduler *s = c->scheduler;
	struct job *next;

	for (struct job *j = h->queue.first; j; j = next) {
		next = j->next;
		if (j->target != c->target)
			continue;
		scheduler_dequeue(s, j);
		end_cancelled(s, j);
	}
	scheduler_refill(s, h);
	host_update(h);
}

void
scheduler_cancel(struct scheduler *s, struct target *t)
{
	struct cancelling c = {s, t};
	struct sleeper *next;

	for (struct sleeper *sleeper = s->sleepers; sleeper; sleeper = next) {
		struct job *j = sleeper->job;

		next = sleeper->next;
		if (j->target != t || !t->cancelled)
			continue;
		scheduler_end_sleep(sleeper);
		end_cancelled(s, j);
	}
	host_table_each(s->hosts, empty_queue, &c);
}

void
scheduler_leave(struct scheduler *s, struct host *h)
{
	struct sleeper *next;
	struct job *j;
	struct target *t;
	uint32_t item;

	h->active++; /* so that it stays */
	while ((j = h->queue.first)) {
		scheduler_dequeue(s, j);
		scheduler_leave_job(s, j);
	}
	for (; !run_queue_is_empty(&h->parked); s->run->stops.items_left++)
		s->parked -= run_queue_take(&h->parked, &t, &item);
	for (struct sleeper *sleeper = s->sleepers; sleeper; sleeper = next) {
		struct host *its = host_table_get(s->hosts, sleeper->job);

		next = sleeper->next;
		if (its == h)
			scheduler_leave_job(s, scheduler_end_sleep(sleeper));
		else
			host_update(its);
	}
	h->active--;
	host_update(h);
}

bool
scheduler_is_idle(const struct scheduler *s)
{
	return s->active == 0;
}

bool
scheduler_is_empty(const struct scheduler *s)
{
	return run_queue_is_empty(s->wants) && run_queue_is_empty(&s->held) && run_queue_is_empty(&s->held_round) &&
	       !s->parked && !s->queued && !s->sleepers && !s->active;
}

void
scheduler_end(struct scheduler *s)
{
	while (s->sleepers)
		job_free(scheduler_end_sleep(s->sleepers));
	loop_stop_timer(s->run->loop, &s->held_timer);
	loop_stop_timer(s->run->loop, &s->run_timer);
	run_queue_free(&s->held);
	run_queue_free(&s->held_round);
	free(s);
}
