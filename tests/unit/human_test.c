#include "base/human.h"
#include "testing.h"

static void
bytes_are_printed_in_powers_of_ten(void **state)
{
	static const struct {
		double bytes;
		const char *said;
	} all[] = {{0, "0 B"},       {999, "999 B"},     {999.6, "1.0 KB"},  {1500, "1.5 KB"},       {9940, "9.9 KB"},
		   {9960, "10 KB"},  {999499, "999 KB"}, {999600, "1.0 MB"}, {3100000000, "3.1 GB"}, {5e12, "5.0 TB"},
		   {7e15, "7000 TB"}};
	char room[HUMAN_ROOM];

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		assert_string_equal(human_bytes(room, all[i].bytes), all[i].said);
}

static void
spans_are_printed_in_their_largest_unit(void **state)
{
	static const struct {
		double seconds;
		const char *said;
	} all[] = {{-1, "0 s"},
		   {0.4, "0 s"},
		   {59.4, "59 s"},
		   {59.6, "1:00 min"},
		   {130, "2:10 min"},
		   {3900, "1:05 h"},
		   {86400 * 2 - 1, "47:59 h"},
		   {86400 * 2, "2 days"},
		   {1e300, "11574074 days"}};
	char room[HUMAN_ROOM];

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		assert_string_equal(human_span(room, all[i].seconds), all[i].said);
}

static void
text_is_escaped_when_it_is_appended(void **state)
{
	struct buf out = {0};

	(void)state;
	human_text(&out, "a\x1b[31m\n\x7f\xc2\x9b"
			 "b\xc3\xbc\xc2\xa0");
	assert_string_equal(out.data, "a?[31m???b\xc3\xbc\xc2\xa0");
	buf_free(&out);
}

/* Each class of characters that is more than text, what is like them and is text, and bytes that are no characters. */
static void
control_characters_and_directions_are_escaped(void **state)
{
	static const struct {
		const char *text, *shown;
	} all[] = {{"\x01\x1f\t\n\x7f", "?????"},
		   {"\xc2\x80\xc2\x9b\xc2\x9f\xc2\xa0", "???\xc2\xa0"},
		   {"\xd8\x9c\xe2\x80\x8e\xe2\x80\x8f", "???"},
		   {"\xe2\x80\xa7\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaa\xe2\x80\xae\xe2\x80\xaf",
		    "\xe2\x80\xa7????\xe2\x80\xaf"},
		   {"\xe2\x81\xa5\xe2\x81\xa6\xe2\x81\xa9\xe2\x81\xaa", "\xe2\x81\xa5??\xe2\x81\xaa"},
		   {"\x9b\xff\xc0\x80\xed\xa0\x80 \xe2\x80", "??????? ??"},
		   {"\xe2\x80\x8d\xf0\x9f\x98\x80\xef\xbb\xbf", "\xe2\x80\x8d\xf0\x9f\x98\x80\xef\xbb\xbf"}};
	struct buf out = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		buf_clear(&out);
		human_text(&out, all[i].text);
		assert_string_equal(out.data, all[i].shown);
	}
	buf_clear(&out);
	human_lines(&out, "a\tb\n\x1b\n");
	assert_string_equal(out.data, "a\tb\n?\n");
	buf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_are_printed_in_powers_of_ten),
		cmocka_unit_test(spans_are_printed_in_their_largest_unit),
		cmocka_unit_test(text_is_escaped_when_it_is_appended),
		cmocka_unit_test(control_characters_and_directions_are_escaped),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
