#include "testing.h"

#include "base/buf.h"
#include "confined/likeness.h"

enum { SIDE = 90 };

/* A picture by a formula of its place. */
static struct likeness
drawn(uint8_t (*value)(size_t x, size_t y, size_t band), size_t width, size_t height)
{
	uint8_t *rgb = buf_alloc(width * height * 3);
	struct likeness out;

	for (size_t y = 0; y < height; y++)
		for (size_t x = 0; x < width; x++)
			for (size_t b = 0; b < 3; b++)
				rgb[(y * width + x) * 3 + b] = value(x * 720 / width, y * 720 / height, b);
	likeness_compute(rgb, width, height, &out);
	free(rgb);
	return out;
}

static uint8_t
flat(size_t x, size_t y, size_t band)
{
	return (uint8_t)(200 + 0 * (x + y + band));
}

static uint8_t
across(size_t x, size_t y, size_t band)
{
	return (uint8_t)(x * 255 / 720 + 0 * (y + band));
}

static uint8_t
down(size_t x, size_t y, size_t band)
{
	return (uint8_t)(y * 255 / 720 + 0 * (x + band));
}

/* Columns of 80 in turn dark and bright, beginning dark. */
static uint8_t
stripes(size_t x, size_t y, size_t band)
{
	return x / 80 % 2 + 0 * (y + band) ? 220 : 30;
}

static uint8_t
red_stripes(size_t x, size_t y, size_t band)
{
	return band == 0 ? stripes(x, y, band) : 30;
}

/* A mark on an empty ground, and the same elsewhere. */
static uint8_t
mark(size_t x, size_t y, size_t band)
{
	return x / 80 == 2 && y / 90 >= 1 && y / 90 <= 3 && band < 3 ? 0 : 255;
}

static uint8_t
mark_elsewhere(size_t x, size_t y, size_t band)
{
	return mark(x >= 240 ? x - 240 : 0, y >= 270 ? y - 270 : 0, band);
}

static void
hash_is_the_difference_hash(void **state)
{
	struct likeness l = drawn(stripes, 720, 720);

	(void)state;
	/* Dark, bright, dark...: brighter than the one to its left in the odd places of each row. */
	assert_int_equal(l.hash, 0xaaaaaaaaaaaaaaaaULL);
	/* Of any size, also one whose pixels lie across the cells' borders, and of one smaller than the cells. */
	assert_int_equal(drawn(stripes, 500, 333).hash, l.hash);
	assert_int_equal(drawn(stripes, 97, 41).hash, l.hash);
	assert_int_equal(drawn(stripes, 9, 1).hash, l.hash);
	assert_int_equal(drawn(stripes, 1, 1).hash, 0);
}

static void
what_has_little_in_it_has_no_hash(void **state)
{
	(void)state;
	assert_int_equal(drawn(flat, SIDE, SIDE).hash, 0);
	assert_int_equal(drawn(across, SIDE, SIDE).hash, 0);
	assert_int_equal(drawn(down, SIDE, SIDE).hash, 0);
	assert_int_equal(drawn(mark, SIDE, SIDE).hash, 0);
	assert_int_equal(drawn(mark_elsewhere, SIDE, SIDE).hash, 0);
}

static void
distance_counts_bits_and_minds_colour(void **state)
{
	struct likeness a = drawn(stripes, 720, 720), b = a, none = drawn(flat, SIDE, SIDE),
			red = drawn(red_stripes, 720, 720);

	(void)state;
	b.hash ^= 0x8000000000000101ULL;
	assert_int_equal(likeness_distance(&a, &a), 0);
	assert_int_equal(likeness_distance(&a, &b), 3);
	assert_int_equal(likeness_distance(&b, &a), 3);
	assert_int_equal(likeness_distance(&a, &none), LIKENESS_NONE);
	assert_int_equal(likeness_distance(&none, &none), LIKENESS_NONE);
	assert_int_equal(red.hash, a.hash);
	assert_int_equal(likeness_distance(&a, &red), LIKENESS_NONE);
	for (size_t i = 0; i < LIKENESS_COLOURS; i++)
		b.colours[i] = (uint8_t)(a.colours[i] + LIKENESS_COLOUR);
	assert_int_equal(likeness_distance(&a, &b), 3);
	b.colours[7]++;
	assert_int_equal(likeness_distance(&a, &b), LIKENESS_NONE);
}

static void
colours_are_means_of_fields(void **state)
{
	struct likeness l = drawn(red_stripes, 720, 720), tiny = drawn(flat, 1, 1);

	(void)state;
	/* The first field covers 180 of 720: a dark column, a bright one, and a quarter of a dark one. */
	assert_in_range(l.colours[0], (80 * 30 + 80 * 220 + 20 * 30) / 180, (80 * 30 + 80 * 220 + 20 * 30) / 180 + 1);
	assert_int_equal(l.colours[1], 30);
	for (size_t i = 0; i < LIKENESS_COLOURS; i++)
		assert_int_equal(tiny.colours[i], 200);
}

static void
sharpness_is_of_edges(void **state)
{
	(void)state;
	assert_int_equal(drawn(flat, SIDE, SIDE).sharpness, 0);
	assert_in_range(drawn(across, 720, 720).sharpness, 0, 1);
	assert_in_range(drawn(stripes, 720, 720).sharpness, 500, 5000);
	assert_int_equal(drawn(stripes, 2, 2).sharpness, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hash_is_the_difference_hash),
		cmocka_unit_test(what_has_little_in_it_has_no_hash),
		cmocka_unit_test(distance_counts_bits_and_minds_colour),
		cmocka_unit_test(colours_are_means_of_fields),
		cmocka_unit_test(sharpness_is_of_edges),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("likeness", tests, NULL, NULL);
}
