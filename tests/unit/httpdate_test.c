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
		if (httpdate_parse(forms[i]) != moment)
			fail_msg("not read: '%s'", forms[i]);
	assert_int_equal(httpdate_parse("Thu, 29 Feb 2024 23:59:60 GMT"), 1709251200);
	assert_int_equal(httpdate_parse("Wed, 31 Dec 1969 23:59:59 GMT"), 0);
	assert_int_equal(httpdate_parse("Mon, 01 Jan 1601 00:00:00 GMT"), 0);
}

static void
short_years_are_of_our_time(void **state)
{
	(void)state;
	assert_int_equal(httpdate_parse("Sunday, 06-Nov-94 08:49:37 GMT"), moment);
	assert_int_equal(httpdate_parse("Friday, 01-Jan-71 00:00:00 GMT"), 31536000);
	assert_int_equal(httpdate_parse("Wednesday, 01-Jan-70 00:00:00 GMT"), 3155760000);
}

static void
reads_variants_of_the_three_forms(void **state)
{
	static const char *const variants[] = {
		"Sun, 6 Nov 1994 08:49:37 GMT",     "Sun, 06 Nov 94 08:49:37 GMT",   "Sun, 06 Nov 1994 08:49:37",
		"Sun, 06 Nov 1994 10:49:37 +0200",  "Sun, 06 Nov 1994 03:49:37 EST", "Sunday, 06 Nov 1994 08:49:37 GMT",
		"Sunday, 06-Nov-1994 08:49:37 GMT", "Nov 6 08:49:37 1994 GMT",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(variants) / sizeof(*variants); i++)
		if (httpdate_parse(variants[i]) != moment)
			fail_msg("not read: '%s'", variants[i]);
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
		"now",
		"now 08:49:37",
		"Sun 08:49:37",
		"Sun, 06 Nov 1994",
		"Nov 6 1994",
		"Sun, 06 Nov 1994 08:49:37 XYZ",
		"Sun, 00 Nov 1994 08:49:37 GMT",
		"Sun, 32 Nov 1994 08:49:37 GMT",
		"Sun, 06 Nov 1994 24:00:00 GMT",
		"Sun, 06 Nov 1994 08:60:37 GMT",
		"Sun, 06 Nov 1994 08:49:61 GMT",
		"Sun, 06 Foo 1994 08:49:37 GMT",
		"Sun, 06 Nov 1500 08:49:37 GMT",
		"1994-11-06T08:49:37Z",
		"06 Nov 1994 08:49:37 GMT",
		"19941106 08:49:37",
		"-19941106",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		if (httpdate_parse(wrong[i]) != -1 || httpdate_retry_after(wrong[i], moment) != -1)
			fail_msg("taken for a date: '%s'", wrong[i]);
	/* A number is seconds. */
	assert_int_equal(httpdate_parse("20301106"), -1);
	assert_int_equal(httpdate_retry_after("20301106", moment), DAY);
	assert_int_equal(httpdate_retry_after("19700101", moment), DAY);
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
		cmocka_unit_test(reads_variants_of_the_three_forms),
		cmocka_unit_test(refuses_what_is_no_date),
		cmocka_unit_test(waits_by_seconds),
		cmocka_unit_test(waits_until_a_date_and_never_back),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("httpdate", tests, NULL, NULL);
}
