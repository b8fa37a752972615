#include "testing.h"

#include "hosts/httpdate.h"

enum { DAY = HTTPDATE_RETRY_MAX };

static const time_t moment = 784111777; /* Sun, 06 Nov 1994 08:49:37 GMT */

static void
reads_the_three_forms(void **state)
{
	static const char *const forms[] = {
		"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",    "Sun Nov  6 08:49:37 1994",
		"sun, 06 nov 1994 08:49:37 gmt", " Sun, 06 Nov 1994 08:49:37 GMT \t", "Sun Nov 06 08:49:37 1994",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++)
		if (httpdate_parse(forms[i], moment) != moment)
			fail_msg("not read: '%s'", forms[i]);
	assert_int_equal(httpdate_parse("Thu, 29 Feb 2024 23:59:60 GMT", moment), 1709251200);
	assert_int_equal(httpdate_parse("Mon, 01 Jan 1601 00:00:00 GMT", moment), 0);
}

static void
short_years_are_of_our_time(void **state)
{
	const time_t in_2026 = 1795000000, in_2060 = 2855000000;

	(void)state;
	assert_int_equal(httpdate_parse("Sunday, 06-Nov-94 08:49:37 GMT", in_2026), moment);
	assert_int_equal(httpdate_parse("Sunday, 01-Jan-76 00:00:00 GMT", in_2026), 3345062400);
	assert_int_equal(httpdate_parse("Friday, 01-Jan-77 00:00:00 GMT", in_2026), 220924800);
	assert_int_equal(httpdate_parse("Friday, 01-Jan-05 00:00:00 GMT", in_2060), 4260211200);
}

static void
refuses_what_is_no_date(void **state)
{
	static const char *const wrong[] = {
		"",
		"Sun",
		"Sun,",
		"Sunday",
		"yesterday",
		"Sun, 6 Nov 1994 08:49:37 GMT",
		"Sun, 06 Nov 94 08:49:37 GMT",
		"Sun, 06 Nov 1994 08:49:37",
		"Sun, 06 Nov 1994 08:49:37 CET",
		"Sun, 06 Nov 1994 08:49:37 GMT+1",
		"Sun, 00 Nov 1994 08:49:37 GMT",
		"Sun, 31 Nov 1994 08:49:37 GMT",
		"Sun, 29 Feb 2023 08:49:37 GMT",
		"Sun, 29 Feb 2100 08:49:37 GMT",
		"Sun, 06 Nov 1994 24:00:00 GMT",
		"Sun, 06 Nov 1994 08:60:37 GMT",
		"Sun, 06 Nov 1994 08:49:61 GMT",
		"Sun, 06 Foo 1994 08:49:37 GMT",
		"Sun, 06 Nov 1600 08:49:37 GMT",
		"Sunday, 06 Nov 1994 08:49:37 GMT",
		"Sunday, 06-Nov-1994 08:49:37 GMT",
		"Sun Nov 6 08:49:37 1994",
		"Sun Nov  6 08:49:37 1994 GMT",
		"1994-11-06T08:49:37Z",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		if (httpdate_parse(wrong[i], moment) != -1 ||
		    (*wrong[i] != '1' && httpdate_retry_after(wrong[i], moment) != -1))
			fail_msg("taken for a date: '%s'", wrong[i]);
}

static void
waits_by_seconds(void **state)
{
	(void)state;
	assert_int_equal(httpdate_retry_after("0", moment), 0);
	assert_int_equal(httpdate_retry_after("120", moment), 120);
	assert_int_equal(httpdate_retry_after(" 120\t", moment), 120);
	assert_int_equal(httpdate_retry_after("86400", moment), DAY);
	assert_int_equal(httpdate_retry_after("86401", moment), DAY);
	assert_int_equal(httpdate_retry_after("99999999999999999999999999999999", moment), DAY);
	assert_int_equal(httpdate_retry_after("00000000000000000000000000000007", moment), 7);
	assert_int_equal(httpdate_retry_after("-1", moment), -1);
	assert_int_equal(httpdate_retry_after("+1", moment), -1);
	assert_int_equal(httpdate_retry_after("1.5", moment), -1);
	assert_int_equal(httpdate_retry_after("1, 2", moment), -1);
	assert_int_equal(httpdate_retry_after("10s", moment), -1);
	assert_int_equal(httpdate_retry_after("", moment), -1);
}

static void
waits_until_a_date_and_never_back(void **state)
{
	(void)state;
	assert_int_equal(httpdate_retry_after("Sun, 06 Nov 1994 08:51:37 GMT", moment), 120);
	assert_int_equal(httpdate_retry_after("Sun, 06 Nov 1994 08:49:37 GMT", moment), 0);
	assert_int_equal(httpdate_retry_after("Sun, 06 Nov 1994 08:49:36 GMT", moment), 0);
	assert_int_equal(httpdate_retry_after("Thu, 01 Jan 1970 00:00:00 GMT", moment), 0);
	assert_int_equal(httpdate_retry_after("Mon, 01 Jan 1601 00:00:00 GMT", moment), 0);
	assert_int_equal(httpdate_retry_after("Fri, 31 Dec 9999 23:59:59 GMT", moment), DAY);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_the_three_forms),
		cmocka_unit_test(short_years_are_of_our_time),
		cmocka_unit_test(refuses_what_is_no_date),
		cmocka_unit_test(waits_by_seconds),
		cmocka_unit_test(waits_until_a_date_and_never_back),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("httpdate", tests, NULL, NULL);
}
