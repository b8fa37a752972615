#include <stdlib.h>
#include <string.h>

#include "fetch.h"

static struct lane *
lane_of(struct runs *r, struct target *t)
{
	for (size_t i = r->count; i-- > 0;)
		if (r->lanes[i].target == t)
			return &r->lanes[i];
	if (r->count == r->room) {
		r->room = r->room ? 2 * r->room : 1;
		r->lanes = buf_realloc(r->lanes, r->room * sizeof(*r->lanes));
	}
	r->lanes[r->count] = (struct lane){.target = t};
	return &r->lanes[r->count++];
}

size_t
runs_add(struct runs *r, struct target *t, uint32_t item)
{
	struct lane *l = lane_of(r, t);
	struct run *last = l->end > l->begin ? &l->at[l->end - 1] : NULL;

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
	l->at[l->end++] = (struct run){item, 1};
	return 1;
}

size_t
runs_take(struct runs *r, struct target **t, uint32_t *item)
{
	struct lane *l = &r->lanes[r->turn < r->count ? r->turn : 0];
	struct run *first = &l->at[l->begin];

	*t = l->target;
	*item = first->first++;
	(*t)->waiting--;
	r->turn = (size_t)(l - r->lanes) + 1;
	if (--first->count > 0)
		return 0;
	if (++l->begin < l->end)
		return 1;
	/* The lane is over; the one behind it takes its place, and the turn. */
	free(l->at);
	r->turn--;
	r->count--;
	memmove(l, l + 1, (r->count - r->turn) * sizeof(*l));
	if (r->count == 0)
		runs_free(r);
	return 1;
}

bool
runs_empty(const struct runs *r)
{
	return r->count == 0;
}

void
runs_free(struct runs *r)
{
	for (size_t i = 0; i < r->count; i++)
		free(r->lanes[i].at);
	free(r->lanes);
	*r = (struct runs){0};
}
