/* Combines the decisions about a subject. */
#include <string.h>

#include "base/when.h"
#include "decide.h"

/* Compares two times: >0 if A is later than B, 0 if equal, <0 if earlier. A time in the future comes from a wrong
 * clock, and counts as earlier than all others. */
static int
compare_ages(const struct pick *a, const struct pick *b, const char *now)
{
	bool wrong = picks_compare_times(a->at, now) > 0, other = picks_compare_times(b->at, now) > 0;

	return wrong != other ? (other ? 1 : -1) : picks_compare_times(a->at, b->at);
}

/* The latest of the decisions; NULL if two different ones have the same time. */
static const struct pick *
newest_pick(const struct picks *p, const struct picks_subject *of)
{
	const struct pick *best = picks_get(p, of->first);
	char now[WHEN_MS_SIZE];
	bool tie = false;

	when_now_ms(now);
	for (size_t i = 1; i < of->count; i++) {
		const struct pick *one = picks_get(p, of->first + i);
		int order = compare_ages(one, best, now);

		if (order > 0)
			tie = false;
		else if (order == 0)
			tie = tie || !pick_same_choice(one, best);
		if (order > 0)
			best = one;
	}
	return tie ? NULL : best;
}

void
decide(const struct collect *c, const struct picks *p, uint32_t first, struct decision *d)
{
	const struct pick *one;

	*d = (struct decision){.kind = UNDECIDED};
	if (!first || !picks_subject(p, first - 1, &d->of))
		return;
	d->kind = DECIDED;
	d->pick = picks_get(p, d->of.first);
	if (d->of.agreed)
		return;
	one = NULL;
	for (const char **name = c->set->prefer; *name && !one; name++) {
		if (strcmp(*name, "newest") == 0)
			one = newest_pick(p, &d->of);
		for (size_t i = 0; i < d->of.count && !one; i++)
			if (strcmp(picks_get(p, d->of.first + i)->reviewer, *name) == 0)
				one = picks_get(p, d->of.first + i);
	}
	if (!one) {
		d->kind = DISPUTED;
		return;
	}
	d->pick = one;
	d->preferred = one->reviewer;
}
