#include "testing.h"

#include "base/utf8.h"

/* What is kept of the first N bytes of S. */
static void
assert_cut(const char *s, size_t n, size_t kept)
{
	assert_int_equal(utf8_whole_length(s, n), kept);
}

static void
a_text_is_cut_between_characters(void **state)
{
	static const char text[] = "aä€𝄞"; /* of 1, 2, 3 and 4 bytes */
	static const size_t kept[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10};

	(void)state;
	for (size_t n = 0; n < sizeof(kept) / sizeof(*kept); n++) {
		assert_cut(text, n, kept[n]);
		assert_int_equal(utf8_valid_length(text, utf8_whole_length(text, n)), kept[n]);
	}
}

/* Of what is no UTF-8 no more is cut off than could be a character. */
static void
what_is_no_text_is_kept(void **state)
{
	(void)state;
	assert_cut("\x80\x80", 2, 2);
	assert_cut("a\x80\x80\x80\x80", 5, 5);
	assert_cut("\xc3", 1, 0);
	assert_cut("ab\xf0\x9d\x84", 5, 2);
	assert_cut("ab\xe2\x82\xac\x80", 6, 6);
}

static void
only_whole_characters_are_decoded(void **state)
{
	uint32_t c = 0;

	(void)state;
	assert_int_equal(utf8_decode("€", 3, &c), 3);
	assert_int_equal(c, 0x20ac);
	assert_int_equal(utf8_decode("€", 2, &c), 0);
	assert_int_equal(utf8_decode("\xc0\x80", 2, &c), 0);         /* too long */
	assert_int_equal(utf8_decode("\xed\xa0\x80", 3, &c), 0);     /* half a surrogate pair */
	assert_int_equal(utf8_decode("\xf4\x90\x80\x80", 4, &c), 0); /* behind the last */
}

static void
text_becomes_a_line(void **state)
{
	char text[] = "a\tb\xff\x7f\xc3", *line;

	(void)state;
	utf8_make_line(text);
	assert_string_equal(text, "a b? ?");
	line = utf8_copy_line(" \t a \n\x01 b\xc3\xa9\xff \0c", 16, 100);
	assert_string_equal(line, "a b\xc3\xa9?");
	free(line);
	line = utf8_copy_line("ab\xc3\xa9", 4, 3);
	assert_string_equal(line, "ab");
	free(line);
	line = utf8_copy_line("ab \xc3\xa9", 5, 5);
	assert_string_equal(line, "ab \xc3\xa9");
	free(line);
	line = utf8_copy_line(" \n", 2, 5);
	assert_string_equal(line, "");
	free(line);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_becomes_a_line),
		cmocka_unit_test(a_text_is_cut_between_characters),
		cmocka_unit_test(what_is_no_text_is_kept),
		cmocka_unit_test(only_whole_characters_are_decoded),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("utf8", tests, NULL, NULL);
}
