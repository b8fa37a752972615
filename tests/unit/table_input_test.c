#include "testing.h"

#include "records/table_input.h"

static int list = -1; /* the descriptor of the list that is read */

static struct table_input *
open_text(const char *text, size_t n)
{
	testing_write("list", text, n);
	list = open("list", O_RDONLY | O_CLOEXEC);
	assert_true(list >= 0);
	return table_input_open(list);
}

static struct table_input *
open_string(const char *text)
{
	return open_text(text, strlen(text));
}

static void
expect(struct table_input *r, unsigned long long line, const char *a, const char *b)
{
	struct table_row row;

	assert_int_equal(table_input_next(r, &row), TABLE_INPUT_ROW);
	assert_int_equal(row.line, line);
	assert_int_equal(row.count, b ? 2 : 1);
	assert_string_equal(row.cells[0], a);
	if (b)
		assert_string_equal(row.cells[1], b);
}

static void
expect_bad(struct table_input *r, unsigned long long line, const char *wrong)
{
	struct table_row row;

	assert_int_equal(table_input_next(r, &row), TABLE_INPUT_BAD);
	assert_int_equal(row.line, line);
	assert_non_null(strstr(row.wrong, wrong));
}

static void
expect_end(struct table_input *r)
{
	struct table_row row;

	assert_int_equal(table_input_next(r, &row), TABLE_INPUT_END);
	table_input_close(r);
	assert_int_equal(close(list), 0);
}

static void
plain_lists_are_lines_if_asked_for(void **state)
{
	struct table_input *r = open_string("\n\"Fats\" Waller\nBach, Johann\n");

	(void)state;
	assert_int_equal(table_input_kind(r), TABLE_INPUT_TABLE);
	assert_true(table_input_is_plain(r));
	table_input_as_lines(r);
	expect(r, 2, "\"Fats\" Waller", NULL);
	expect(r, 3, "Bach, Johann", NULL);
	expect_end(r);
	r = open_string("\"a,b\"\nc\n");
	assert_true(table_input_is_plain(r));
	expect(r, 1, "a,b", NULL);
	expect(r, 2, "c", NULL);
	expect_end(r);
	r = open_string("a;b\nc\n");
	assert_false(table_input_is_plain(r));
	table_input_close(r);
	assert_int_equal(close(list), 0);
}

static void
lines_are_lines(void **state)
{
	struct table_input *r = open_string("\xef\xbb\xbf{\"a\":\"x,y\"}\r\n\n{\"b\":1}");

	(void)state;
	assert_int_equal(table_input_kind(r), TABLE_INPUT_LINES);
	expect(r, 1, "{\"a\":\"x,y\"}", NULL);
	expect(r, 3, "{\"b\":1}", NULL);
	expect_end(r);
}

static void
the_first_line_tells_the_separator(void **state)
{
	struct table_input *r = open_string("\xef\xbb\xbfid,name\r\n1,\"Ada \"\"L\"\"\r\nof, Ockham\"\r\n\r\n2,B\r\n");

	(void)state;
	assert_int_equal(table_input_kind(r), TABLE_INPUT_TABLE);
	expect(r, 1, "id", "name");
	expect(r, 2, "1", "Ada \"L\"\r\nof, Ockham");
	expect(r, 5, "2", "B");
	expect_end(r);
	r = open_string("id\tname\n1\tA, B\n");
	expect(r, 1, "id", "name");
	expect(r, 2, "1", "A, B");
	expect_end(r);
	r = open_string("id;name\n1;A, B\n2;\"\"\n;");
	expect(r, 1, "id", "name");
	expect(r, 2, "1", "A, B");
	expect(r, 3, "2", "");
	expect(r, 4, "", "");
	expect_end(r);
}

static void
a_bad_row_is_passed_over(void **state)
{
	struct table_input *r = open_string("id,name\n1,\"no end\n2,B\n");
	static const char with_nul[] = "id,name\n1,a\0b\n2,B\n";

	(void)state;
	expect(r, 1, "id", "name");
	expect_bad(r, 2, "quote");
	expect(r, 3, "2", "B");
	expect_end(r);
	r = open_text(with_nul, sizeof(with_nul) - 1);
	expect(r, 1, "id", "name");
	expect_bad(r, 2, "NUL");
	expect(r, 3, "2", "B");
	expect_end(r);
}

static void
a_row_that_is_too_long_is_bad(void **state)
{
	size_t n = TABLE_INPUT_ROW_MAX + 100000, at;
	char *text = malloc(n + 64);
	struct table_input *r;

	(void)state;
	assert_non_null(text);
	at = (size_t)sprintf(text, "id,name\n1,\"");
	memset(text + at, 'x', n);
	at += n;
	at += (size_t)sprintf(text + at, "\"\n2,B\n");
	r = open_text(text, at);
	expect(r, 1, "id", "name");
	expect_bad(r, 2, "1 MiB");
	expect(r, 3, "2", "B");
	expect_end(r);
	free(text);
}

static void
arrays_and_utf16_are_not_read(void **state)
{
	struct table_input *r = open_string("  [{\"id\":1}]");

	(void)state;
	assert_int_equal(table_input_kind(r), TABLE_INPUT_ARRAY);
	expect_end(r);
	r = open_text("\xff\xfei\0d\0", 6);
	assert_int_equal(table_input_kind(r), TABLE_INPUT_UTF16);
	expect_end(r);
	r = open_string("\xef\xbb\xbf \r\n\n");
	assert_int_equal(table_input_kind(r), TABLE_INPUT_EMPTY);
	expect_end(r);
	r = open_string("");
	assert_int_equal(table_input_kind(r), TABLE_INPUT_EMPTY);
	expect_end(r);
}

/* Takes a row from what the writer has written so far. */
static enum table_input_next
take_from_pipe(struct table_input *r, int to, const char *text, struct table_row *row)
{
	assert_int_equal(write(to, text, strlen(text)), strlen(text));
	assert_int_equal(table_input_fill(r), 1);
	return table_input_try(r, row);
}

static void
rows_may_come_in_pieces(void **state)
{
	struct table_input *r;
	struct table_row row;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	r = table_input_new(ends[0], '\t');
	assert_int_equal(table_input_try(r, &row), TABLE_INPUT_MORE);
	assert_int_equal(table_input_kind(r), TABLE_INPUT_UNKNOWN);
	assert_int_equal(take_from_pipe(r, ends[1], "\xef\xbb\xbfid,x", &row), TABLE_INPUT_MORE);
	assert_int_equal(take_from_pipe(r, ends[1], "\tname\r\n1,", &row), TABLE_INPUT_ROW);
	assert_string_equal(row.cells[0], "id,x");
	assert_int_equal(row.count, 2);
	assert_int_equal(table_input_try(r, &row), TABLE_INPUT_MORE);
	assert_int_equal(take_from_pipe(r, ends[1], "2\t\"a\"", &row), TABLE_INPUT_MORE);
	assert_int_equal(take_from_pipe(r, ends[1], "\nb\0c", &row), TABLE_INPUT_ROW);
	assert_string_equal(row.cells[1], "a");
	assert_int_equal(write(ends[1], "\0", 1), 1);
	assert_int_equal(take_from_pipe(r, ends[1], "\n3", &row), TABLE_INPUT_BAD);
	assert_int_equal(row.line, 3);
	close(ends[1]);
	assert_int_equal(table_input_fill(r), 0);
	assert_int_equal(table_input_try(r, &row), TABLE_INPUT_ROW);
	assert_int_equal(row.line, 4);
	assert_string_equal(row.cells[0], "3");
	assert_int_equal(table_input_try(r, &row), TABLE_INPUT_END);
	table_input_close(r);
	close(ends[0]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(lines_are_lines, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(plain_lists_are_lines_if_asked_for, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(the_first_line_tells_the_separator, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(a_bad_row_is_passed_over, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(a_row_that_is_too_long_is_bad, testing_enter, testing_leave),
		cmocka_unit_test(rows_may_come_in_pieces),
		cmocka_unit_test_setup_teardown(arrays_and_utf16_are_not_read, testing_enter, testing_leave),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("table_input", tests, NULL, NULL);
}
