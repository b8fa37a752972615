/* What the decisions about a subject come to. */
#include <string.h>

#include "collect.h"

int
decide_compare_times(const char *a, const char *b)
{
	int order = strncmp(a, b, 19);

	if (order != 0 || strlen(a) < 19 || strlen(b) < 19)
		return order;
	for (a += 19, b += 19; *a == *b && *a; a++, b++)
		continue;
	return (*a == 'Z' || !*a ? 0 : *a) - (*b == 'Z' || !*b ? 0 : *b);
}

/* The latest of the decisions; NULL where two that differ are of the same time. */
static const struct pick *
newest(const struct picks *p, const struct picks_subject *of)
{
	const struct pick *best = picks_get(p, of->first);
	bool tie = false;

	for (size_t i = 1; i < of->count; i++) {
		const struct pick *one = picks_get(p, of->first + i);
		int order = decide_compare_times(one->at, best->at);

		if (order > 0)
			tie = false;
		else if (order == 0)
			tie = tie || one->choice != best->choice;
		if (order > 0)
			best = one;
	}
	return tie ? NULL : best;
}

static const struct pick *
preferred(const struct collect *c, const struct picks *p, const struct picks_subject *of)
{
	const struct pick *one = NULL;

	for (const char **name = c->set->prefer; *name && !one; name++) {
		if (strcmp(*name, "newest") == 0)
			one = newest(p, of);
		for (size_t i = 0; i < of->count && !one; i++)
			if (strcmp(picks_get(p, of->first + i)->reviewer, *name) == 0)
				one = picks_get(p, of->first + i);
	}
	return one;
}

void
decide(const struct collect *c, const struct picks *p, uint32_t first, struct decision *d)
{
	const struct pick *one;

	*d = (struct decision){.kind = UNDECIDED};
	if (!first || !picks_subject(p, first - 1, &d->of))
		return;
	d->kind = DECIDED;
	d->choice = d->of.choice;
	if (d->of.agreed)
		return;
	one = preferred(c, p, &d->of);
	if (!one) {
		d->kind = DISPUTED;
		return;
	}
	d->choice = one->choice;
	d->preferred = one->reviewer;
}
