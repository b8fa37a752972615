#include "scheduler.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "recorded.h"

/* How many items are read ahead of the transfers: always some, and more while no host may start another, so that items
 * of a slow host do not block those after them. For each host only the first waiting items are kept ready, and the
 * others as numbers; with many hosts only one each, so that all hosts are reached. */
enum { AHEAD = 32, AHEAD_OF_HOST = 64, PARKED_MAX = 1 << 19 };
enum { AHEAD_BYTES = 8 << 20, MANY_BYTES = AHEAD_BYTES / 2 };

/* No further items are read while the jobs that wait for their next attempt take more memory: thousands of hosts may
 * refuse connections at once. */
enum { ASLEEP_BYTES = 48 << 20 };

/* How often items that wait for other processes are checked, and how many at a time. */
enum { HELD_MS = 100, HELD_A_TURN = 4096 };

/* Neighbours that are claimed by one lock are begun within this time, or given back to other processes. */
enum { RUN_MS = 100 };

struct scheduler {
	struct run *run;
	struct host_table *hosts;
	struct run_queue *wants, *stored;
	struct job_list *members, *ended;
	struct run_queue held;       /* waiting for other processes, or for a job of this one */
	struct run_queue held_round; /* those that are still to be checked in this round */
	struct loop_timer held_timer;
	bool held_due;
	struct loop_timer run_timer;  /* set while items may be claimed ahead */
	size_t queued, queued_weight; /* jobs, bytes */
	size_t parked;                /* runs of items */
	unsigned active;
	struct sleeper *sleepers;
	size_t asleep_weight; /* bytes of their jobs */
};

/* A job that waits for its next attempt. */
struct sleeper {
	struct scheduler *scheduler;
	struct job *job;
	struct loop_timer timer;
	struct sleeper *next, **at; /* AT: what refers to it */
};

static void
on_held_due(void *arg)
{
	((struct scheduler *)arg)->held_due = true;
}

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
		.held_timer = {.call = on_held_due, .arg = s},
		.run_timer = {.call = on_run_late, .arg = s},
	};
	return s;
}

void
scheduler_hold(struct scheduler *s, struct target *t, uint32_t item)
{
	run_queue_add(&s->held, t, item);
	if (!s->held_timer.at)
		loop_set_timer(s->run->loop, &s->held_timer, clock_ms() + HELD_MS);
}

/* A job that is in no list ends without a result. */
static void
leave_job(struct scheduler *s, struct job *j)
{
	s->run->stops.items_left++;
	j->stays_pending = true;
	job_free(j);
}

static void
enqueue_job(struct scheduler *s, struct job *j, bool front)
{
	if (j->host->left) {
		leave_job(s, j);
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

static void
dequeue_job(struct scheduler *s, struct job *j)
{
	job_list_cut(&j->host->queue, j);
	s->queued--;
	s->queued_weight -= j->weight;
}

void
scheduler_requeue(struct scheduler *s, struct job *j)
{
	j->host = host_table_get(s->hosts, j);
	enqueue_job(s, j, true);
}

void
scheduler_add(struct scheduler *s, struct job *j)
{
	j->host = host_table_get(s->hosts, j);
	enqueue_job(s, j, false);
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

static struct job *
end_sleep(struct sleeper *sleeper)
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

	scheduler_requeue(s, end_sleep(sleeper));
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

/* --- looking at items --- */

/* Another process works on the items of T that are next here: this one goes on elsewhere. H has some of them parked,
 * and may be NULL. */
static void
avoid_others(struct scheduler *s, const struct target *t, struct host *h)
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
		avoid_others(s, j->target, j->host);
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

/* Whether the completed item must be requested again, which happens once in a run. */
static bool
is_renewable(const struct scheduler *s, const struct target *t, uint32_t item)
{
	return s->run->set->update && !t->cancelled && !target_is_renewed(t, item);
}

/* Whether the host has enough jobs that are ready, so that further items are kept as numbers. While the host must wait,
 * perhaps because other processes work on the same items, one job is enough. */
static bool
has_enough(const struct scheduler *s, const struct host *h)
{
	bool few = h->pause.at || s->queued_weight >= MANY_BYTES;

	return !h->left && (!run_queue_is_empty(&h->parked) || h->queue.count >= (few ? 1 : AHEAD_OF_HOST));
}

/* Parks the pending item if its line shows at once that it is of a host that has enough. If the line misleads, that is
 * noticed when the item becomes a job. */
static bool
park_at_once(struct scheduler *s, struct target *t, uint32_t item)
{
	static const char member[] = "\"url\":\"";
	const char *line, *url;
	struct host *h;
	size_t n;

	if (batch_item_ahead(t->batch, item, &line, &n) <= 0)
		return false;
	url = memmem(line, n, member, sizeof(member) - 1);
	h = url ? host_table_find(s->hosts, url + sizeof(member) - 1, line + n) : NULL;
	if (!h || !has_enough(s, h))
		return false;
	s->parked += run_queue_add(&h->parked, t, item);
	return true;
}

/* Whether another process has claimed the item, which is then held, or that cannot be told. */
static bool
is_of_another(struct scheduler *s, struct target *t, uint32_t item, struct host *from)
{
	int claimed = batch_is_claimed_lately(t->batch, item);

	if (claimed < 0)
		run_fail(s->run, "reading the state of an item");
	if (claimed > 0) {
		avoid_others(s, t, from);
		scheduler_hold(s, t, item);
	}
	return claimed != 0;
}

/* Handles one item: passes it on if it has a result, holds it if another process has it, otherwise queues or parks it.
 * FROM: the host that it was parked for; NULL: none. */
static void
look_at(struct scheduler *s, struct target *t, uint32_t item, struct host *from)
{
	struct job *j;
	int state;

	if (target_is_busy(t, item)) {
		scheduler_hold(s, t, item);
		return;
	}
	state = batch_state_lately(t->batch, item);
	if (state < 0) {
		run_fail(s->run, "reading the state of an item");
		return;
	}
	if (state == 'x') {
		s->run->asked--; /* it is not reported */
		return;
	}
	if (state == 'r' && is_of_another(s, t, item, from))
		return;
	/* A parked item failed in the meantime: claiming it tells whether it may be tried. */
	if ((state == 'c' && !is_renewable(s, t, item)) || (state == 'f' && s->run->set->work && !from)) {
		run_queue_add(s->stored, t, item);
		return;
	}
	if (state == 'p' && !from && !t->cancelled && park_at_once(s, t, item))
		return;
	j = job_new(s->run, t, item);
	if (!j)
		return;
	if (state == 'c' && !update_begin(j)) {
		run_queue_add(s->stored, t, item);
		job_free(j);
		return;
	}
	if (t->cancelled) {
		if (scheduler_claim(s, j) && verdict_cancel(j))
			job_list_add(s->ended, j);
		return;
	}
	if (j->archive) {
		job_list_add(s->members, j);
		return;
	}
	j->host = host_table_get(s->hosts, j);
	if (!from && has_enough(s, j->host)) {
		s->parked += run_queue_add(&j->host->parked, t, item);
		job_free(j);
		return;
	}
	enqueue_job(s, j, false);
}

/* Whether there is room, and no host could start a transfer. */
bool
scheduler_may_look(const struct scheduler *s, const struct room *room)
{
	if (run_queue_is_empty(s->wants) || s->run->fatal || !room->output || s->queued_weight >= AHEAD_BYTES ||
	    s->asleep_weight >= ASLEEP_BYTES || s->parked >= PARKED_MAX)
		return false;
	return s->queued < AHEAD || (!host_table_has_next(s->hosts) && s->active < (unsigned)s->run->set->parallel);
}

/* Makes items of a host ready that were kept only as numbers. */
static void
refill_queue(struct scheduler *s, struct host *h)
{
	size_t few = 2 + 2 * h->run + h->active, most = few < AHEAD_OF_HOST / 2 ? few : AHEAD_OF_HOST / 2;
	struct target *t;
	uint32_t item;

	/* At least one, because a host without ready items is not visited again; and not many more than it starts:
	 * other processes may be faster. */
	while (h->queue.count < most && !run_queue_is_empty(&h->parked) &&
	       (h->queue.count == 0 || s->queued_weight < MANY_BYTES) && !s->run->fatal) {
		s->parked -= run_queue_take(&h->parked, &t, &item);
		look_at(s, t, item, h);
	}
}

/* Checks items that other processes held: they have a result, or are free because the holder died, or are still held.
 */
static void
look_at_held(struct scheduler *s)
{
	struct target *t, *last = NULL;
	uint32_t item;

	if (run_queue_is_empty(&s->held_round)) {
		s->held_round = s->held;
		s->held = (struct run_queue){0};
	}
	for (int n = HELD_A_TURN; n > 0 && !run_queue_is_empty(&s->held_round) && s->queued_weight < AHEAD_BYTES; n--) {
		int state, claimed = 0;

		run_queue_take(&s->held_round, &t, &item);
		if (t != last)
			batch_look_anew(t->batch);
		last = t;
		state = batch_state_lately(t->batch, item);
		if (state != 'c' && state != 'f')
			claimed = batch_is_claimed_lately(t->batch, item);
		if (state < 0 || claimed < 0) {
			run_fail(s->run, "reading the state of an item");
			return;
		}
		if (target_is_busy(t, item) || claimed)
			run_queue_add(&s->held, t, item);
		else
			look_at(s, t, item, NULL);
		if (s->run->fatal)
			return;
	}
	if (!run_queue_is_empty(&s->held) || !run_queue_is_empty(&s->held_round))
		loop_set_timer(s->run->loop, &s->held_timer, clock_ms() + HELD_MS);
}

void
scheduler_look(struct scheduler *s, const struct room *room, int most)
{
	struct target *t;
	uint32_t item;

	if (s->held_due) {
		s->held_due = false;
		look_at_held(s);
	}
	while (most-- > 0 && scheduler_may_look(s, room)) {
		run_queue_take(s->wants, &t, &item);
		look_at(s, t, item, NULL);
	}
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
			dequeue_job(s, j);
			run_queue_add(s->stored, j->target, j->item);
			job_free(j);
			more = true;
		}
		refill_queue(s, h);
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
			dequeue_job(s, j);
			run_queue_add(s->stored, j->target, j->item);
			job_free(j);
			continue;
		}
		if (!j->claimed)
			claim_neighbours(s, h);
		dequeue_job(s, j);
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
		enqueue_job(s, j, true);
		j = NULL;
	} else {
		j->slot = slot;
		j->attempts++;
		h->active++;
		s->active++;
	}
	refill_queue(s, h);
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
		dequeue_job(s, j);
		end_cancelled(s, j);
	}
	refill_queue(s, h);
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
		end_sleep(sleeper);
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
		dequeue_job(s, j);
		leave_job(s, j);
	}
	for (; !run_queue_is_empty(&h->parked); s->run->stops.items_left++)
		s->parked -= run_queue_take(&h->parked, &t, &item);
	for (struct sleeper *sleeper = s->sleepers; sleeper; sleeper = next) {
		struct host *its = host_table_get(s->hosts, sleeper->job);

		next = sleeper->next;
		if (its == h)
			leave_job(s, end_sleep(sleeper));
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
		job_free(end_sleep(s->sleepers));
	loop_stop_timer(s->run->loop, &s->held_timer);
	loop_stop_timer(s->run->loop, &s->run_timer);
	run_queue_free(&s->held);
	run_queue_free(&s->held_round);
	free(s);
}
