#include "testing.h"

#include "records/list_line.h"

static void
expect_line(const char *line, const char *clean)
{
	struct buf b = {0};

	buf_str(&b, line);
	assert_int_equal(list_line_clean(&b), *clean != '\0');
	assert_string_equal(b.data, clean);
	assert_int_equal(b.len, strlen(clean));
	buf_free(&b);
}

static void
expect_url(const char *url, const char *clean)
{
	struct buf b = {0};

	buf_str(&b, url);
	assert_int_equal(list_url_clean(&b), strcmp(url, clean) != 0);
	assert_string_equal(b.data, clean);
	assert_int_equal(b.len, strlen(clean));
	buf_free(&b);
}

static void
lines_lose_marks_and_blanks(void **state)
{
	(void)state;
	expect_line("http://a/b", "http://a/b");
	expect_line("\xef\xbb\xbfhttp://a/b\r", "http://a/b");
	expect_line(" \t\xef\xbb\xbf http://a/b \v\f\r\r", "http://a/b");
	expect_line("\xc2\xa0http://a/b\xe3\x80\x80\xe2\x80\x8b", "http://a/b"); /* no-break, wide, no width */
	expect_line("a b.png ", "a b.png");
	expect_line("{\"url\":\"x\"} ", "{\"url\":\"x\"}");
	expect_line("\xff ", "\xff");
	expect_line(" \x80\x80\x80\x80\x80", "\x80\x80\x80\x80\x80");
	expect_line("é", "é");
}

static void
lines_of_nothing_and_comments_are_skipped(void **state)
{
	struct buf none = {0};

	(void)state;
	expect_line(" \t\r", "");
	expect_line("\xef\xbb\xbf", "");
	expect_line("# a comment", "");
	expect_line("\xef\xbb\xbf  #", "");
	expect_line("\"\"", "");
	expect_line("./#1.png", "./#1.png");
	expect_line("\"#1.png\"", "#1.png");
	expect_line("http://a/#b", "http://a/#b");
	assert_false(list_line_clean(&none));
}

static void
lines_lose_one_pair_of_quotes(void **state)
{
	(void)state;
	expect_line("\"http://a/b\"", "http://a/b");
	expect_line(" ' http://a/b ' ", "http://a/b");
	expect_line("“http://a/b”", "http://a/b");
	expect_line("<http://a/b>", "http://a/b");
	expect_line("<file>", "<file>");
	expect_line("\"\"http://a/b\"\"", "\"http://a/b\"");
	expect_line("\"http://a/b", "\"http://a/b");
	expect_line("\"", "\"");
	expect_line("it's", "it's");
}

static void
urls_have_their_spaces_encoded(void **state)
{
	(void)state;
	expect_url("http://a/b", "http://a/b");
	expect_url(" http://a/b\n", "http://a/b");
	expect_url("http://a/b c d", "http://a/b%20c%20d");
	expect_url("http://a?b c#d e", "http://a?b%20c#d%20e");
	expect_url("http://a/b%20c", "http://a/b%20c");
	expect_url("http://a b/", "http://a b/");
	expect_url("http://a b/c d", "http://a b/c%20d");
	expect_url("http://a/b\tc", "http://a/b\tc");
	expect_url("a b/c d", "a b/c%20d");
	expect_url("", "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_lose_marks_and_blanks),
		cmocka_unit_test(lines_of_nothing_and_comments_are_skipped),
		cmocka_unit_test(lines_lose_one_pair_of_quotes),
		cmocka_unit_test(urls_have_their_spaces_encoded),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("list_line", tests, NULL, NULL);
}
