#include "testing.h"

#include <string.h>

#include "base/when.h"

static void
prints_a_moment_in_utc(void **state)
{
	static const struct {
		time_t t;
		const char *text;
	} cases[] = {
		{0, "1970-01-01T00:00:00Z"},
		{1, "1970-01-01T00:00:01Z"},
		{1709251199, "2024-02-29T23:59:59Z"},
		{4294967296, "2106-02-07T06:28:16Z"},
		{-2208988800, "1900-01-01T00:00:00Z"},
		{-2208988801, ""},
		{253402300799, "9999-12-31T23:59:59Z"},
		{253402300800, ""},
		{INT64_MAX, ""},
		{INT64_MIN, ""},
	};
	char room[WHEN_SIZE];

	(void)state;
	assert_int_equal(setenv("TZ", "Asia/Kolkata", 1), 0);
	tzset();
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_string_equal(when_print(room, cases[i].t), cases[i].text);
}

static void
prints_the_present_moment(void **state)
{
	char room[WHEN_SIZE];
	time_t before = time(NULL), t;

	(void)state;
	when_now(room);
	t = when_parse(room, room + strlen(room));
	assert_true(t >= before && t <= time(NULL));
}

static void
prints_the_present_moment_with_milliseconds(void **state)
{
	char room[WHEN_MS_SIZE], seconds[WHEN_SIZE];
	time_t before = time(NULL), t;

	(void)state;
	assert_string_equal(when_now_ms(room) + 23, "Z");
	assert_int_equal(room[19], '.');
	assert_int_equal(strspn(room + 20, "0123456789"), 3);
	snprintf(seconds, sizeof(seconds), "%.19sZ", room);
	t = when_parse(seconds, seconds + strlen(seconds));
	assert_true(t >= before && t <= time(NULL));
}

static void
reads_what_it_prints_and_nothing_else(void **state)
{
	static const char *const wrong[] = {"",
					    "2024-02-29",
					    "2024-02-29T23:59:59",
					    "2024-02-29 23:59:59Z",
					    "2024-13-29T23:59:59Z",
					    "2024-02-29T25:59:59Z",
					    "2024-02-29T23:59:59z",
					    "2024-02-29T23:59:5Z\"",
					    "\"2024-02-29T23:59:59"};
	static const char text[] = "2024-02-29T23:59:59Z\",\"attempts\":1";

	(void)state;
	assert_int_equal(when_parse(text, text + strlen(text)), 1709251199);
	assert_int_equal(when_parse(text, text + 20), 1709251199);
	assert_int_equal(when_parse(text, text + 19), 0);
	assert_int_equal(when_parse(NULL, NULL), 0);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		assert_int_equal(when_parse(wrong[i], wrong[i] + strlen(wrong[i])), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prints_a_moment_in_utc),
		cmocka_unit_test(prints_the_present_moment),
		cmocka_unit_test(prints_the_present_moment_with_milliseconds),
		cmocka_unit_test(reads_what_it_prints_and_nothing_else),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("when", tests, NULL, NULL);
}
