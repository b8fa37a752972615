#include "run_queue.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "open_batches.h"

static struct lane *
lane_of(struct run_queue *q, struct target *t)
{
	for (size_t i = q->count; i-- > 0;)
		if (q->lanes[i].target == t)
			return &q->lanes[i];
	q->lanes = buf_grow(q->lanes, q->count, sizeof(*q->lanes));
	q->lanes[q->count] = (struct lane){.target = t};
	return &q->lanes[q->count++];
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
	if (l->end == l->room && l->begin > l->room / 2) {
		memmove(l->at, l->at + l->begin, (l->end - l->begin) * sizeof(*l->at));
		l->end -= l->begin;
		l->begin = 0;
	} else if (l->end == l->room) {
		l->room = l->room ? l->room + l->room / 2 : 8;
		l->at = buf_realloc(l->at, l->room * sizeof(*l->at));
	}
	l->at[l->end++] = (struct item_run){item, 1};
	return 1;
}

size_t
run_queue_take(struct run_queue *q, struct target **t, uint32_t *item)
{
	struct lane *l = &q->lanes[q->turn < q->count ? q->turn : 0];
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
