#include "testing.h"

#include "base/table.h"

enum { MANY = 50000 };

static uint32_t
print_of(uint32_t i)
{
	return i * 2654435761u;
}

static void
all_are_found_while_it_grows(void **state)
{
	struct table t = {0};

	(void)state;
	for (uint32_t i = 1; i <= MANY; i++) {
		table_add(&t, print_of(i), i);
		for (uint32_t k = i; k > 0; k /= 2) {
			uint32_t cursor = 0;
			const struct table_slot *s = table_next(&t, print_of(k), &cursor);

			assert_non_null(s);
			assert_int_equal(s->item, k);
			assert_null(table_next(&t, print_of(k), &cursor));
		}
	}
	table_clear(&t);
}

static void
one_print_may_have_many_entries(void **state)
{
	static const uint32_t prints[] = {0, 1, 0x03ffffff, 0x04000000, UINT32_MAX};
	struct table t = {0};

	(void)state;
	for (uint32_t k = 1; k <= 100; k++)
		for (size_t i = 0; i < sizeof(prints) / sizeof(*prints); i++)
			table_add(&t, prints[i], k);
	for (size_t i = 0; i < sizeof(prints) / sizeof(*prints); i++) {
		uint32_t cursor = 0, sum = 0, n = 0;

		for (struct table_slot *s; (s = table_next(&t, prints[i], &cursor)); n++)
			sum += s->item;
		assert_int_equal(n, 100);
		assert_int_equal(sum, 5050);
	}
	table_clear(&t);
}

static void
an_empty_one_has_nothing(void **state)
{
	struct table t = {0};
	uint32_t cursor = 0;

	(void)state;
	assert_null(table_next(&t, 7, &cursor));
	table_add(&t, 8, 1);
	cursor = 0;
	assert_null(table_next(&t, 7, &cursor));
	table_clear(&t);
	cursor = 0;
	assert_null(table_next(&t, 8, &cursor));
	table_clear(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_are_found_while_it_grows),
		cmocka_unit_test(one_print_may_have_many_entries),
		cmocka_unit_test(an_empty_one_has_nothing),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
