/*
 * plan: which item is worked on when.
 */
#include <stdlib.h>
#include <string.h>

#include "fetch.h"
#include "robots_gate.h"

/*
 * How far ahead of the transfers items are looked at: some in any case, more for as long as no host may start another,
 * so that a slow host's items do not hold up those behind them. Of a host's items that wait only the first are kept
 * ready, the rest as numbers; of many hosts only one each, so that all of them are seen.
 */
enum { AHEAD = 32, AHEAD_OF_HOST = 64, AHEAD_A_TURN = 512, PARKED_MAX = 1 << 19 };
enum { AHEAD_BYTES = 8 << 20, MANY_BYTES = AHEAD_BYTES / 2 };

/* How often, and how much of, items that wait for other processes are looked at. */
enum { HELD_MS = 100, HELD_A_TURN = 4096 };

void
plan_want(struct fetch *f, struct target *t, uint32_t item)
{
	runs_add(&f->wants, t, item);
}

static void
hold(struct fetch *f, struct target *t, uint32_t item)
{
	if (f->held_count == f->held_room) {
		f->held_room = f->held_room ? 2 * f->held_room : 64;
		f->held = buf_realloc(f->held, f->held_room * sizeof(*f->held));
	}
	f->held[f->held_count++] = (struct want){t, item};
	t->waiting++;
}

static void
enqueue(struct fetch *f, struct job *j, bool front)
{
	if (front)
		job_list_push(&j->host->queue, j);
	else
		job_list_add(&j->host->queue, j);
	f->queued++;
	f->queued_weight += j->weight;
	host_settle(f, j->host);
}

static void
dequeue(struct fetch *f, struct job *j)
{
	job_list_cut(&j->host->queue, j);
	f->queued--;
	f->queued_weight -= j->weight;
}

void
plan_requeue(struct fetch *f, struct job *j)
{
	j->host = host_of_job(f, j);
	enqueue(f, j, true);
}

void
plan_begin(struct fetch *f, struct job *j)
{
	j->host = host_of_job(f, j);
	enqueue(f, j, false);
}

void
plan_left(struct fetch *f, struct job *j)
{
	f->active--;
	j->host->active--;
	host_keep(f, j->host, j->slot);
	host_settle(f, j->host);
	j->host = NULL;
}

/* --- sleepers: a heap, the one to wake first at its top --- */

void
plan_again(struct fetch *f, struct job *j, long wait_ms)
{
	size_t at = f->sleeping_count++;

	j->wake = clock_ms() + wait_ms;
	if (at == f->sleeping_room) {
		f->sleeping_room = f->sleeping_room ? 2 * f->sleeping_room : 64;
		f->sleeping = buf_realloc(f->sleeping, f->sleeping_room * sizeof(struct job *));
	}
	while (at > 0 && f->sleeping[(at - 1) / 2]->wake > j->wake) {
		f->sleeping[at] = f->sleeping[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	f->sleeping[at] = j;
}

static struct job *
wake_first(struct fetch *f)
{
	struct job *first = f->sleeping[0];
	struct job *last = f->sleeping[--f->sleeping_count];
	size_t at = 0, child;

	while ((child = 2 * at + 1) < f->sleeping_count) {
		if (child + 1 < f->sleeping_count && f->sleeping[child + 1]->wake < f->sleeping[child]->wake)
			child++;
		if (last->wake <= f->sleeping[child]->wake)
			break;
		f->sleeping[at] = f->sleeping[child];
		at = child;
	}
	f->sleeping[at] = last;
	return first;
}

/* Takes the jobs of T out of those that sleep; they are over. */
static void
end_sleepers(struct fetch *f, const struct target *t)
{
	struct job **all = f->sleeping;
	size_t n = f->sleeping_count;

	f->sleeping = NULL;
	f->sleeping_count = f->sleeping_room = 0;
	for (size_t i = 0; i < n; i++) {
		if (all[i]->target == t && cancel_judge(all[i])) {
			body_drop(&all[i]->body);
			settle_add(f, all[i]);
		} else {
			plan_again(f, all[i], (long)(all[i]->wake - clock_ms()));
		}
	}
	free(all);
}

/* --- the turn --- */

/* Claims an item; what cannot be claimed is said or held, and its job is over. */
static bool
claim(struct fetch *f, struct job *j)
{
	struct target *t = j->target;
	uint32_t item = j->item;

	if (target_busy(t, item)) {
		hold(f, t, item);
		job_free(j);
		return false;
	}
	switch (batch_claim(t->batch, item, f->set->retry)) {
	case CLAIM_OURS:
		j->claimed = true;
		target_set_busy(t, item, true);
		return true;
	case CLAIM_HELD:
		hold(f, t, item);
		break;
	case CLAIM_DONE:
	case CLAIM_FAILED:
		settle_stored(f, t, item);
		break;
	case CLAIM_ERROR:
		fetch_fail(f, "claiming an item");
		break;
	}
	job_free(j);
	return false;
}

/* A member comes with its archive, or is unpacked again when that is settled. */
static void
look_at_member(struct fetch *f, struct job *j)
{
	if (expansion_awaited(f, j)) {
		hold(f, j->target, j->item);
		job_free(j);
	} else if (claim(f, j)) {
		expansion_again(f, j);
	}
}

/* Looks at one item: says what is settled, holds what others have, queues or parks the rest. PARKED: it was. */
static void
look_at(struct fetch *f, struct target *t, uint32_t item, bool parked)
{
	struct job *j;
	int state;

	if (target_busy(t, item)) {
		hold(f, t, item);
		return;
	}
	state = batch_state(t->batch, item);
	if (state < 0) {
		fetch_fail(f, "reading the state of an item");
		return;
	}
	if (state == 'c' || (state == 'f' && f->set->work)) {
		settle_stored(f, t, item);
		return;
	}
	j = job_new(f, t, item);
	if (!j)
		return;
	if (t->cancelled) {
		if (claim(f, j) && cancel_judge(j))
			settle_add(f, j);
		return;
	}
	if (j->archive) {
		look_at_member(f, j);
		return;
	}
	j->host = host_of_job(f, j);
	if (!parked && (!runs_empty(&j->host->parked) ||
			j->host->queue.count >= (f->queued_weight < MANY_BYTES ? AHEAD_OF_HOST : 1))) {
		f->parked += runs_add(&j->host->parked, t, item);
		job_free(j);
		return;
	}
	enqueue(f, j, false);
}

/* Whether looking at further items can help: there is room, and hosts that could start one are lacking. */
static bool
may_look_ahead(const struct fetch *f)
{
	if (runs_empty(&f->wants) || f->fatal || out_is_full(f) || f->queued_weight >= AHEAD_BYTES ||
	    f->parked >= PARKED_MAX)
		return false;
	return f->queued < AHEAD || (!f->turn && f->active < (unsigned)f->set->parallel);
}

static void
look_ahead(struct fetch *f, int most)
{
	struct target *t;
	uint32_t item;

	while (most-- > 0 && may_look_ahead(f)) {
		runs_take(&f->wants, &t, &item);
		look_at(f, t, item, false);
	}
}

/* Makes ready what a host's items are known of by number alone. */
static void
refill(struct fetch *f, struct host *h)
{
	struct target *t;
	uint32_t item;

	/* One in any case: nobody looks at a host again that has none ready. */
	while (h->queue.count < AHEAD_OF_HOST / 2 && !runs_empty(&h->parked) &&
	       (h->queue.count == 0 || f->queued_weight < MANY_BYTES) && !f->fatal) {
		f->parked -= runs_take(&h->parked, &t, &item);
		look_at(f, t, item, true);
	}
}

/* Those that others held: settled, or free since their holder died, or still held. */
static void
look_at_held(struct fetch *f)
{
	size_t n = f->held_count < HELD_A_TURN ? f->held_count : HELD_A_TURN;

	f->held_next = clock_ms() + HELD_MS;
	while (n-- > 0 && f->held_count > 0 && f->queued_weight < AHEAD_BYTES && !f->fatal) {
		size_t at = f->held_at < f->held_count ? f->held_at : 0, kept;
		struct want w = f->held[at];
		int state = batch_state(w.target->batch, w.item);
		int claimed = state != 'c' && state != 'f' ? batch_is_claimed(w.target->batch, w.item) : 0;

		if (state < 0 || claimed < 0) {
			fetch_fail(f, "reading the state of an item");
			return;
		}
		f->held_at = at + 1;
		if (target_busy(w.target, w.item) || claimed)
			continue;
		f->held[at] = f->held[--f->held_count];
		w.target->waiting--;
		kept = f->held_count;
		look_at(f, w.target, w.item, false);
		/* One that is held again stands at the end: the next to look at is not what took its place, or the two
		 * would change places for ever. */
		f->held_at = f->held_count > kept ? at + 1 : at;
	}
}

static void
begin_url(struct fetch *f, struct job *j)
{
	switch (robot_allows(f, j)) {
	case ROBOT_ALLOWS:
		http_begin(j);
		break;
	case ROBOT_UNKNOWN:
		if (http_is_blocked_by_name(j, j->at ? j->at : j->url))
			http_begin(j); /* it fails */
		else
			robot_begin(j);
		break;
	case ROBOT_FORBIDS:
		j->attempts--;
		job_ended(j);
		break;
	}
}

static void
begin(struct fetch *f, struct job *j)
{
	f->active++;
	j->host->active++;
	j->attempts++;
	if (cancel_judge(j)) {
		j->attempts--;
		job_ended(j);
		return;
	}
	if (local_is(j))
		local_begin(j);
	else
		begin_url(f, j);
}

/* The next job of the host whose turn it is. */
static void
start_one(struct fetch *f)
{
	struct host *h = f->turn;
	struct job *j;
	int slot;

	f->turn = h->turn;
	if (!host_slot(f, h, &slot))
		return;
	j = h->queue.first;
	dequeue(f, j);
	h->active++; /* so that it outlives a job that ends at once */
	if (j->claimed || claim(f, j)) {
		j->slot = slot;
		begin(f, j);
	} else {
		host_give_back(h, slot);
	}
	refill(f, h);
	h->active--;
	host_settle(f, h);
}

/* Of the host's queue, and of what is known of it by number alone, all that is T's. */
static void
empty_queue(struct fetch *f, struct host *h, struct target *t)
{
	struct job *next;

	for (struct job *j = h->queue.first; j; j = next) {
		next = j->next;
		if (j->target != t)
			continue;
		dequeue(f, j);
		if (j->claimed && cancel_judge(j)) {
			body_drop(&j->body);
			settle_add(f, j);
		} else {
			plan_want(f, t, j->item);
			job_free(j);
		}
	}
	refill(f, h);
	host_settle(f, h);
}

void
plan_let_go(struct fetch *f, struct target *t)
{
	end_sleepers(f, t);
	hosts_each(f, empty_queue, t);
}

void
plan_turn(struct fetch *f)
{
	while (f->sleeping_count && f->sleeping[0]->wake <= clock_ms())
		plan_requeue(f, wake_first(f));
	hosts_wake(f);
	if (f->held_count && clock_ms() >= f->held_next)
		look_at_held(f);
	look_ahead(f, AHEAD_A_TURN);
	while (f->turn && f->active < (unsigned)f->set->parallel && !settle_is_full(f) && !expansion_is_full(f) &&
	       !out_is_full(f) && !f->fatal) {
		start_one(f);
		look_ahead(f, 1);
	}
	hosts_give_back_kept(f);
}

bool
plan_is_empty(const struct fetch *f)
{
	return runs_empty(&f->wants) && !f->held_count && !f->parked && !f->queued && !f->sleeping_count && !f->active;
}

int64_t
plan_due(const struct fetch *f)
{
	int64_t due = f->sleeping_count ? f->sleeping[0]->wake : -1, host = hosts_due(f);

	if (host >= 0 && (due < 0 || host < due))
		due = host;
	/* Looking ahead has a limit a turn: there is more to look at. */
	if (may_look_ahead(f))
		due = 0;
	if (f->held_count && (due < 0 || f->held_next < due))
		due = f->held_next;
	return due;
}

void
plan_drop_all(struct fetch *f)
{
	struct job_list *lists[] = {&f->local, &f->ended};

	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++)
		while (lists[i]->first) {
			struct job *j = lists[i]->first;

			job_list_cut(lists[i], j);
			job_free(j);
		}
	while (f->sleeping_count)
		job_free(wake_first(f));
	hosts_drop_all(f);
	free(f->sleeping);
	runs_free(&f->wants);
	free(f->held);
}
