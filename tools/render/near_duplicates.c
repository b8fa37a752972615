#include <stdlib.h>
#include <string.h>

#include "near_duplicates.h"

static int
compare_numbers(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

static int
compare_quality(const void *a, const void *b)
{
	const struct near_duplicate *x = a, *y = b;
	int blurred = x->blurred - y->blurred, pixels = compare_numbers(y->pixels, x->pixels);

	return blurred ? blurred : pixels ? pixels : compare_numbers(x->idx, y->idx);
}

/* Sorts by group, then by leader, the best first, then the original before its copies. */
static int
compare_order(const void *a, const void *b)
{
	const struct near_duplicate *x = a, *y = b;
	int group = compare_numbers(x->group, y->group), no = compare_numbers(x->no, y->no);

	return group ? group : no ? no : compare_numbers(x->idx, y->idx);
}

/* Adds V[I] to the nearest of the leaders before it, if one is near enough. */
static void
join_nearest(struct near_duplicate *v, size_t i)
{
	unsigned least = LIKENESS_NEAR + 1;

	for (size_t j = 0; j < i && v[i].likeness; j++) {
		unsigned d;

		if (v[j].near || v[j].same_as || !v[j].likeness)
			continue;
		d = likeness_distance(v[i].likeness, v[j].likeness);
		if (d < least) {
			least = d;
			v[i].near = v[j].idx;
			v[i].distance = d;
		}
	}
}

static struct near_duplicate *
find_by_idx(struct near_duplicate *v, size_t n, uint32_t idx)
{
	for (size_t i = 0; i < n; i++)
		if (v[i].idx == idx)
			return &v[i];
	return NULL;
}

void
near_duplicates_sort(struct near_duplicate *v, size_t n)
{
	/* Finds candidates that have the same bytes as an earlier one. */
	for (size_t i = 1; i < n; i++)
		for (size_t j = 0; j < i && v[i].sha256; j++)
			if (v[j].sha256 && v[j].same_as == 0 && strcmp(v[i].sha256, v[j].sha256) == 0) {
				v[i].same_as = v[j].idx;
				break;
			}
	qsort(v, n, sizeof(*v), compare_quality);
	for (size_t i = 0; i < n; i++) {
		v[i].no = (uint32_t)i;
		v[i].group = v[i].idx;
		if (!v[i].same_as)
			join_nearest(v, i);
	}
	/* The lowest number of its members names a group: the leader gets it first, and then the others. */
	for (size_t i = 0; i < n; i++) {
		struct near_duplicate *original = v[i].same_as ? find_by_idx(v, n, v[i].same_as) : &v[i];

		v[i].of = original->near ? original->near : original->idx;
		v[i].no = original->no;
		original = find_by_idx(v, n, v[i].of);
		if (v[i].idx < original->group)
			original->group = v[i].idx;
	}
	for (size_t i = 0; i < n; i++)
		v[i].group = find_by_idx(v, n, v[i].of)->group;
	qsort(v, n, sizeof(*v), compare_order);
}
