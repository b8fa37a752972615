/* Which items become jobs, which are kept as numbers, and which are passed on. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "recorded.h"
#include "scheduler_internal.h"

/* How many items are read ahead of the transfers: always some, and more while no host may start another, so that items
 * of a slow host do not block those after them. For each host only the first waiting items are kept ready, and the
 * others as numbers; with many hosts only one each, so that all hosts are reached. */
enum { AHEAD = 32, AHEAD_OF_HOST = 64, PARKED_MAX = 1 << 19 };
enum { AHEAD_BYTES = 8 << 20, MANY_BYTES = AHEAD_BYTES / 2 };

/* No further items are read while the jobs that wait for their next attempt take more memory: thousands of hosts may
 * refuse connections at once. */
enum { ASLEEP_BYTES = 48 << 20 };

/* How many items that wait for other processes are checked at a time. */
enum { HELD_A_TURN = 4096 };

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
		scheduler_avoid_others(s, t, from);
		scheduler_hold(s, t, item);
	}
	return claimed != 0;
}

/* Queues a job that is not claimed, or parks its item if its host has enough. FROM: as look_at() has it. */
static void
put(struct scheduler *s, struct job *j, const struct host *from)
{
	if (j->archive) {
		job_list_add(s->members, j);
		return;
	}
	j->host = host_table_get(s->hosts, j);
	if (!from && has_enough(s, j->host)) {
		s->parked += run_queue_add(&j->host->parked, j->target, j->item);
		job_free(j);
		return;
	}
	scheduler_enqueue(s, j, false);
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
	if (state == 'p' && !from && !s->new && !t->cancelled && park_at_once(s, t, item))
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
	if (s->new && !from && !j->update)
		job_list_add(s->new, j);
	else
		put(s, j, from);
}

void
scheduler_put(struct scheduler *s, struct job *j)
{
	put(s, j, NULL);
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

void
scheduler_refill(struct scheduler *s, struct host *h)
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
