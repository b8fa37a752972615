#include "testing.h"

#include <stdio.h>

#include "base/buf.h"
#include "near_duplicates.h"

enum { MANY = 3000 };

struct set {
	struct near_duplicate v[MANY];
	struct likeness likeness[MANY];
	char sha256[MANY][8];
};

static uint64_t
random_hash(unsigned *seed)
{
	uint64_t hash = 0;

	for (int i = 0; i < 5; i++)
		hash = hash << 15 ^ (uint64_t)rand_r(seed);
	return hash | 1;
}

/* Candidates of which half are a few bits from others, some have other colours, copies, or no likeness. */
static void
make(struct set *s, unsigned seed)
{
	for (uint32_t i = 0; i < MANY; i++) {
		struct likeness *l = &s->likeness[i];
		unsigned of = i > 0 ? (unsigned)rand_r(&seed) % i : 0;

		*l = (struct likeness){.hash = random_hash(&seed)};
		if (rand_r(&seed) % 2) {
			*l = s->likeness[of];
			for (int bits = rand_r(&seed) % 12; bits > 0; bits--)
				l->hash ^= UINT64_C(1) << (rand_r(&seed) % 64);
			l->colours[rand_r(&seed) % LIKENESS_COLOURS] = (uint8_t)(rand_r(&seed) % 20);
		}
		snprintf(s->sha256[i], sizeof(s->sha256[i]), "%u", rand_r(&seed) % 9 ? MANY + i : of % 100);
		s->v[i] = (struct near_duplicate){
			.idx = i + 1,
			.at = i,
			.sha256 = rand_r(&seed) % 20 ? s->sha256[i] : NULL,
			.likeness = rand_r(&seed) % 20 ? l : NULL,
			.pixels = (uint64_t)rand_r(&seed) % 50,
			.blurred = rand_r(&seed) % 10 == 0,
		};
	}
}

/* Whether A comes before B, if both can be the best of their near duplicates. */
static bool
is_better(const struct near_duplicate *a, const struct near_duplicate *b)
{
	if (a->blurred != b->blurred)
		return b->blurred;
	return a->pixels != b->pixels ? a->pixels > b->pixels : a->idx < b->idx;
}

/* What V[I] must be near to, found by a look at each of the others. */
static const struct near_duplicate *
nearest(const struct near_duplicate *v, const struct near_duplicate *one)
{
	const struct near_duplicate *best = NULL;
	unsigned least = LIKENESS_NEAR + 1;

	for (size_t j = 0; j < MANY && one->likeness; j++) {
		const struct near_duplicate *o = &v[j];
		unsigned d;

		if (!o->likeness || o->near || o->same_as || !is_better(o, one))
			continue;
		d = likeness_distance(one->likeness, o->likeness);
		if (d < least || (best && d == least && is_better(o, best))) {
			least = d;
			best = o;
		}
	}
	return best;
}

static void
thousands_are_grouped_as_each_with_each_would_be(void **state)
{
	struct set *s = buf_alloc(sizeof(*s));
	size_t near = 0, copies = 0;

	(void)state;
	for (unsigned seed = 1; seed <= 3; seed++) {
		make(s, seed);
		near_duplicates_sort(s->v, MANY);
		for (size_t i = 0; i < MANY; i++) {
			const struct near_duplicate *a = &s->v[i], *b = a->same_as ? NULL : nearest(s->v, a);

			assert_int_equal(a->near, b ? b->idx : 0);
			if (b)
				assert_int_equal(a->distance, likeness_distance(a->likeness, b->likeness));
			near += a->near != 0;
			copies += a->same_as != 0;
			for (size_t j = 0; j < i && a->same_as; j++) /* behind what it is a copy of */
				if (s->v[j].idx == a->same_as) {
					assert_string_equal(s->v[j].sha256, a->sha256);
					assert_int_equal(s->v[j].same_as, 0);
					break;
				}
		}
	}
	assert_true(near > 1000);
	assert_true(copies > 300);
	free(s);
}

static void
hashes_that_differ_in_eight_bits_are_near_wherever_the_bits_are(void **state)
{
	unsigned seed = 5;

	(void)state;
	for (int round = 0; round < 3000; round++) {
		struct likeness l[2] = {{.hash = random_hash(&seed)}, {0}};
		struct near_duplicate v[2] = {{.idx = 1, .likeness = &l[0]}, {.idx = 2, .likeness = &l[1]}};
		unsigned bits = (unsigned)round % 10 + 1;

		l[1].hash = l[0].hash;
		while ((unsigned)__builtin_popcountll(l[0].hash ^ l[1].hash) < bits)
			l[1].hash |= ~l[0].hash & UINT64_C(1) << (rand_r(&seed) % 64);
		if ((unsigned)__builtin_popcountll(~l[0].hash) < bits)
			continue;
		near_duplicates_sort(v, 2);
		assert_int_equal(v[1].idx, 2);
		assert_int_equal(v[1].near, bits <= LIKENESS_NEAR ? 1 : 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(thousands_are_grouped_as_each_with_each_would_be),
		cmocka_unit_test(hashes_that_differ_in_eight_bits_are_near_wherever_the_bits_are),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("near_duplicates", tests, NULL, NULL);
}
