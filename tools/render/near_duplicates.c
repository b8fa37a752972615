#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/table.h"
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

/* --- the nearest leader --- */

/* Nine parts of a hash are looked at. Hashes that differ in at most 8 bits have at least one part in common (Norouzi
 * and others, "Fast search in Hamming space with multi-index hashing", 2012), so only leaders with a common part are
 * compared. */
enum { PARTS = LIKENESS_NEAR + 1, PART_BITS = 7, PART_VALUES = 1 << PART_BITS };

_Static_assert(PARTS *PART_BITS <= 64, "the parts are of different bits");

/* The leaders, which are numbered from 1. */
struct leaders {
	struct leader {
		uint64_t hash;
		size_t at;            /* in V */
		uint32_t next[PARTS]; /* the leader before with the same part; 0: none */
	} * v;
	uint32_t n;
	uint32_t last[PARTS][PART_VALUES]; /* the latest leader with each value of each part */
};

static unsigned
part_of(uint64_t hash, unsigned part)
{
	return (unsigned)(hash >> (part * PART_BITS)) % PART_VALUES;
}

static void
add_leader(struct leaders *l, uint64_t hash, size_t at)
{
	struct leader *new = &l->v[l->n++];

	new->hash = hash;
	new->at = at;
	for (unsigned p = 0; p < PARTS; p++) {
		new->next[p] = l->last[p][part_of(hash, p)];
		l->last[p][part_of(hash, p)] = l->n;
	}
}

/* Adds V[I] to the nearest of the leaders, the first of several. If none is near enough, it becomes a leader. */
static void
join_nearest(struct near_duplicate *v, size_t i, struct leaders *l)
{
	unsigned least = LIKENESS_NEAR + 1;
	size_t nearest = i;
	uint64_t hash = v[i].likeness ? v[i].likeness->hash : 0;

	for (unsigned p = 0; p < PARTS && hash; p++)
		for (uint32_t j = l->last[p][part_of(hash, p)]; j; j = l->v[j - 1].next[p]) {
			const struct leader *other = &l->v[j - 1];
			unsigned d = (unsigned)__builtin_popcountll(hash ^ other->hash);

			if ((d < least || (d == least && other->at < nearest)) && d <= LIKENESS_NEAR &&
			    likeness_distance(v[i].likeness, v[other->at].likeness) == d) {
				least = d;
				nearest = other->at;
			}
		}
	if (nearest < i) {
		v[i].near = v[nearest].idx;
		v[i].distance = least;
	} else if (hash) {
		add_leader(l, hash, i);
	}
}

/* --- all of them --- */

/* A fingerprint of the number IDX, for a table. */
static uint32_t
print_of(uint32_t idx)
{
	return idx * 2654435761U;
}

static struct near_duplicate *
find_by_idx(struct near_duplicate *v, const struct table *places, uint32_t idx)
{
	uint32_t cursor = 0;

	for (const struct table_slot *s; (s = table_next(places, print_of(idx), &cursor));)
		if (v[s->item - 1].idx == idx)
			return &v[s->item - 1];
	return NULL;
}

/* Finds candidates that have the same bytes as an earlier one. */
static void
find_copies(struct near_duplicate *v, size_t n)
{
	struct table digests = {0};

	for (size_t i = 0; i < n; i++) {
		uint32_t print = v[i].sha256 ? table_hash(v[i].sha256) : 0, cursor = 0;

		for (const struct table_slot *s; v[i].sha256 && (s = table_next(&digests, print, &cursor));)
			if (strcmp(v[i].sha256, v[s->item - 1].sha256) == 0) {
				v[i].same_as = v[s->item - 1].idx;
				break;
			}
		if (v[i].sha256 && !v[i].same_as)
			table_add(&digests, print, (uint32_t)i + 1);
	}
	table_clear(&digests);
}

/* Sets NO, NEAR and DISTANCE of the candidates, which are sorted by quality. */
static void
find_near(struct near_duplicate *v, size_t n)
{
	struct leaders *l = buf_alloc(sizeof(*l));

	l->v = buf_alloc(n * sizeof(*l->v));
	for (size_t i = 0; i < n; i++) {
		v[i].no = (uint32_t)i;
		v[i].group = v[i].idx;
		if (!v[i].same_as)
			join_nearest(v, i, l);
	}
	free(l->v);
	free(l);
}

void
near_duplicates_sort(struct near_duplicate *v, size_t n)
{
	struct table places = {0};

	find_copies(v, n);
	qsort(v, n, sizeof(*v), compare_quality);
	for (size_t i = 0; i < n; i++)
		table_add(&places, print_of(v[i].idx), (uint32_t)i + 1);
	find_near(v, n);
	/* The lowest number of its members names a group: the leader gets it first, and then the others. */
	for (size_t i = 0; i < n; i++) {
		struct near_duplicate *original = v[i].same_as ? find_by_idx(v, &places, v[i].same_as) : &v[i];

		v[i].of = original->near ? original->near : original->idx;
		v[i].no = original->no;
		original = find_by_idx(v, &places, v[i].of);
		if (v[i].idx < original->group)
			original->group = v[i].idx;
	}
	for (size_t i = 0; i < n; i++)
		v[i].group = find_by_idx(v, &places, v[i].of)->group;
	table_clear(&places);
	qsort(v, n, sizeof(*v), compare_order);
}
