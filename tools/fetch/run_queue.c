#include "run_queue.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "open_batches.h"

/* A run that is shorter is not split. */
enum { JUMP_MIN = 64 };

static void
find_top(struct run_queue *q)
{
	q->top = 0;
	for (size_t i = 0; i < q->count; i++)
		if (q->lanes[i].priority > q->top)
			q->top = q->lanes[i].priority;
}

/* The lane whose turn it is. */
static struct lane *
next_lane(struct run_queue *q)
{
	size_t i = q->turn < q->count ? q->turn : 0;

	while (q->lanes[i].priority < q->top)
		i = i + 1 < q->count ? i + 1 : 0;
	return &q->lanes[i];
}

static struct lane *
lane_of(struct run_queue *q, struct target *t)
{
	for (size_t i = q->count; i-- > 0;)
		if (q->lanes[i].target == t)
			return &q->lanes[i];
	q->lanes = buf_grow(q->lanes, q->count, sizeof(*q->lanes));
	q->lanes[q->count] = (struct lane){.target = t, .priority = t->priority};
	if (t->priority > q->top)
		q->top = t->priority;
	return &q->lanes[q->count++];
}

static void
add_run(struct lane *l, struct item_run run)
{
	if (l->end == l->room && l->begin > l->room / 2) {
		memmove(l->at, l->at + l->begin, (l->end - l->begin) * sizeof(*l->at));
		l->end -= l->begin;
		l->begin = 0;
	} else if (l->end == l->room) {
		l->room = l->room ? l->room + l->room / 2 : 8;
		l->at = buf_realloc(l->at, l->room * sizeof(*l->at));
	}
	l->at[l->end++] = run;
}

size_t
run_queue_add(struct run_queue *q, struct target *t, uint32_t item)
{
	struct lane *l = lane_of(q, t);
	struct item_run *last = l->end > l->begin ? &l->at[l->end - 1] : NULL;

	t->waiting++;
	if (last && last->first + last->count == item) {
		last->count++;
		return 0;
	}
	add_run(l, (struct item_run){item, 1});
	return 1;
}

size_t
run_queue_jump(struct run_queue *q, const struct target *t)
{
	for (size_t i = 0; i < q->count; i++) {
		struct lane *l = &q->lanes[i];
		struct item_run all = l->at[l->begin], over = all;

		if (l->target != t)
			continue;
		if (all.count >= JUMP_MIN)
			over.count = 1 + (uint32_t)random() % (all.count - 1);
		else if (l->end - l->begin == 1)
			return 0;
		add_run(l, over);
		l->at[l->begin].first += over.count;
		l->at[l->begin].count -= over.count;
		if (l->at[l->begin].count > 0)
			return 1;
		l->begin++;
		return 0;
	}
	return 0;
}

size_t
run_queue_take(struct run_queue *q, struct target **t, uint32_t *item)
{
	struct lane *l = next_lane(q);
	struct item_run *first = &l->at[l->begin];

	*t = l->target;
	*item = first->first++;
	(*t)->waiting--;
	q->turn = (size_t)(l - q->lanes) + 1;
	if (--first->count > 0)
		return 0;
	if (++l->begin < l->end)
		return 1;
	/* The lane has ended; the next one takes its place and its turn. */
	free(l->at);
	q->turn--;
	q->count--;
	memmove(l, l + 1, (q->count - q->turn) * sizeof(*l));
	if (q->count == 0)
		run_queue_free(q);
	else
		find_top(q);
	return 1;
}

bool
run_queue_is_empty(const struct run_queue *q)
{
	return q->count == 0;
}

void
run_queue_free(struct run_queue *q)
{
	for (size_t i = 0; i < q->count; i++)
		free(q->lanes[i].at);
	free(q->lanes);
	*q = (struct run_queue){0};
}
