#include <string.h>

#include "fetch.h"

size_t
runs_add(struct runs *r, struct target *t, uint32_t item)
{
	struct run *last = r->end > r->begin ? &r->at[r->end - 1] : NULL;

	if (last && last->target == t && last->first + last->count == item) {
		last->count++;
		return 0;
	}
	if (r->end == r->room && r->begin > r->room / 2) {
		memmove(r->at, r->at + r->begin, (r->end - r->begin) * sizeof(*r->at));
		r->end -= r->begin;
		r->begin = 0;
	} else if (r->end == r->room) {
		r->room = r->room ? r->room + r->room / 2 : 8;
		r->at = buf_realloc(r->at, r->room * sizeof(*r->at));
	}
	r->at[r->end++] = (struct run){t, item, 1};
	return 1;
}

size_t
runs_take(struct runs *r, struct target **t, uint32_t *item)
{
	struct run *first = &r->at[r->begin];

	*t = first->target;
	*item = first->first++;
	if (--first->count > 0)
		return 0;
	if (++r->begin == r->end)
		r->begin = r->end = 0;
	return 1;
}

bool
runs_empty(const struct runs *r)
{
	return r->begin == r->end;
}
