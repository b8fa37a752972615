#include "batching.h"

#include "batch/identities.h"

enum { MANY = 3000 };

/* A batch NAME with the URLs FROM to TO, open for reading. */
static struct batch *
make(void **state, const char *name, uint32_t from, uint32_t to)
{
	struct root *root = batching_root(state);
	struct batch *b = batch_open(root, name, BATCH_WORK, NULL);
	char url[32];

	assert_non_null(b);
	for (uint32_t k = from; k <= to; k++) {
		snprintf(url, sizeof(url), "http://a/%u", k);
		assert_int_equal(batching_add(b, NULL, url), k - from + 1);
	}
	batch_close(b);
	b = batch_open(root, name, BATCH_READ, NULL);
	assert_non_null(b);
	return b;
}

/* The identity of item K of B. */
static void
key_of(const struct batch *b, uint32_t k, struct batch_place *place)
{
	struct buf line = {0};

	assert_int_equal(batch_item(b, k, &line), 0);
	assert_int_equal(batch_place(line.data, line.len, place), 0);
	buf_free(&line);
}

static uint32_t
next(const struct identities *x, const char *key, uint32_t after)
{
	uint32_t all = UINT32_MAX;

	assert_int_equal(identities_next(x, key, after, &all), 0);
	return all;
}

static void
each_batch_that_has_an_item_is_found_in_order(void **state)
{
	struct batch *v[] = {make(state, "a", 1, 10), make(state, "b", 6, 15), make(state, "c", 10, 10)};
	struct identities x = {0};
	struct batch_place place;
	uint32_t item;

	assert_int_equal(identities_add(&x, v[0], NULL, NULL), 10);
	assert_int_equal(identities_add(&x, v[1], NULL, NULL), 10);
	assert_int_equal(identities_add(&x, v[2], NULL, NULL), 1);
	assert_int_equal(x.total, 21);
	key_of(v[0], 10, &place); /* http://a/10 is in all three */
	assert_int_equal(next(&x, place.key, 0), 10);
	assert_int_equal(next(&x, place.key, 10), 15);
	assert_int_equal(next(&x, place.key, 15), 21);
	assert_int_equal(next(&x, place.key, 21), 0);
	assert_int_equal(identities_place(&x, 15, &item), 1);
	assert_int_equal(item, 5);
	assert_int_equal(identities_place(&x, 21, &item), 2);
	assert_int_equal(item, 1);
	key_of(v[0], 2, &place); /* this one only in the first */
	assert_int_equal(next(&x, place.key, 0), 2);
	assert_int_equal(next(&x, place.key, 2), 0);
	for (size_t i = 0; i < 3; i++)
		batch_close(v[i]);
	identities_free(&x);
}

static void
nothing_is_found_in_no_batches_and_in_empty_ones(void **state)
{
	struct batch *a = make(state, "a", 1, 1), *none = make(state, "none", 1, 0);
	struct identities x = {0};
	struct batch_place place;
	uint32_t item;

	key_of(a, 1, &place);
	assert_int_equal(next(&x, place.key, 0), 0);
	assert_int_equal(identities_add(&x, none, NULL, NULL), 0);
	assert_int_equal(next(&x, place.key, 0), 0);
	/* An empty batch before and behind one with items. */
	assert_int_equal(identities_add(&x, a, NULL, NULL), 1);
	assert_int_equal(identities_add(&x, none, NULL, NULL), 0);
	assert_int_equal(next(&x, place.key, 0), 1);
	assert_int_equal(identities_place(&x, 1, &item), 1);
	assert_int_equal(item, 1);
	batch_close(a);
	batch_close(none);
	identities_free(&x);
}

struct seen {
	uint32_t first, n;
};

static void
see(uint32_t all, const char *line, size_t n, void *arg)
{
	struct seen *s = arg;

	assert_int_equal(all, s->first + s->n);
	assert_non_null(memmem(line, n, "http://a/", 9));
	s->n++;
}

static void
many_items_are_found_and_each_is_seen_once(void **state)
{
	struct batch *a = make(state, "a", 1, MANY), *b = make(state, "b", MANY, MANY + 9);
	struct identities x = {0};
	struct seen seen = {1, 0};
	struct batch_place place;

	assert_int_equal(identities_add(&x, a, see, &seen), MANY);
	assert_int_equal(seen.n, MANY);
	seen = (struct seen){MANY + 1, 0};
	assert_int_equal(identities_add(&x, b, see, &seen), 10);
	assert_int_equal(seen.n, 10);
	for (uint32_t k = 1; k < MANY; k += 7) {
		key_of(a, k, &place);
		assert_int_equal(next(&x, place.key, 0), k);
		assert_int_equal(next(&x, place.key, k), 0);
	}
	key_of(b, 1, &place);
	assert_int_equal(next(&x, place.key, 0), MANY);
	assert_int_equal(next(&x, place.key, MANY), MANY + 1);
	batch_close(a);
	batch_close(b);
	identities_free(&x);
}

/* Two identities whose print is the same are told apart by their items. The print is the first half of the key. */
static void
identities_with_the_same_print_are_told_apart(void **state)
{
	struct batch *a = make(state, "a", 1, 3);
	struct identities x = {0};
	struct batch_place place;
	char *last;

	assert_int_equal(identities_add(&x, a, NULL, NULL), 3);
	key_of(a, 2, &place);
	last = place.key + strlen(place.key) - 1;
	*last = *last == '0' ? '1' : '0';
	assert_int_equal(next(&x, place.key, 0), 0);
	batch_close(a);
	identities_free(&x);
}

/* A line that is no item counts, so that the numbers of the others stay, and is never found. */
static void
a_damaged_line_is_not_found_and_moves_no_number(void **state)
{
	struct batch *a = make(state, "a", 1, 3), *b;
	struct identities x = {0};
	struct batch_place two, three;
	struct buf line = {0};
	int fd = openat(testing_dirfd(state), "batches/a/items.ndjson", O_RDWR | O_CLOEXEC);

	key_of(a, 2, &two);
	key_of(a, 3, &three);
	assert_int_equal(batch_item(a, 1, &line), 0);
	assert_true(fd >= 0);
	/* The second line: its first byte. */
	assert_int_equal(pwrite(fd, "x", 1, (off_t)line.len + 1), 1);
	close(fd);
	batch_close(a);
	b = batch_open(batching_root(state), "a", BATCH_READ, NULL);
	assert_int_equal(identities_add(&x, b, NULL, NULL), 3);
	assert_int_equal(next(&x, two.key, 0), 0);
	assert_int_equal(next(&x, three.key, 0), 3);
	batch_close(b);
	buf_free(&line);
	identities_free(&x);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_batch_that_has_an_item_is_found_in_order, testing_enter,
						testing_leave),
		cmocka_unit_test_setup_teardown(nothing_is_found_in_no_batches_and_in_empty_ones, testing_enter,
						testing_leave),
		cmocka_unit_test_setup_teardown(many_items_are_found_and_each_is_seen_once, testing_enter,
						testing_leave),
		cmocka_unit_test_setup_teardown(identities_with_the_same_print_are_told_apart, testing_enter,
						testing_leave),
		cmocka_unit_test_setup_teardown(a_damaged_line_is_not_found_and_moves_no_number, testing_enter,
						testing_leave),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("identities", tests, NULL, NULL);
}
