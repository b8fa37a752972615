#include <locale.h>

#include "base/display.h"
#include "testing.h"

static int
set_locale(void **state)
{
	(void)state;
	return setlocale(LC_CTYPE, "C.UTF-8") ? 0 : -1;
}

static void
width_counts_columns(void **state)
{
	(void)state;
	assert_int_equal(display_width(""), 0);
	assert_int_equal(display_width("abc"), 3);
	assert_int_equal(display_width("\u00e9"), 1);
	assert_int_equal(display_width("e\u0301"), 1);
	assert_int_equal(display_width("\u540d\u524d"), 4);
	assert_int_equal(display_width("\033[31mab\033[0m"), 2);
	assert_int_equal(display_width("\xff"), 1);
}

static void
cut_text_fits_and_has_an_ellipsis(void **state)
{
	static const struct {
		const char *text;
		int columns;
		bool utf8;
		const char *cut;
	} all[] = {{"abcdef", 6, true, "abcdef"},
		   {"abcdef", 5, true, "abcd\u2026"},
		   {"abcdef", 5, false, "ab..."},
		   {"\u540d\u524d\u540d", 6, true, "\u540d\u524d\u540d"},
		   {"\u540d\u524d\u540d", 5, true, "\u540d\u524d\u2026"},
		   {"\u540d\u524d\u540d", 4, true, "\u540d\u2026"},
		   {"", 5, true, ""}};

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		struct buf out = {0};

		display_cut(&out, all[i].text, all[i].columns, all[i].utf8);
		assert_string_equal(out.data, all[i].cut);
		assert_true(display_width(out.data) <= all[i].columns);
		buf_free(&out);
	}
}

static void
folded_text_breaks_at_words(void **state)
{
	struct buf out = {0};

	(void)state;
	display_fold(&out, "one two three  four", 2, 9);
	assert_string_equal(out.data, "one two\n  three\n  four\n");
	buf_clear(&out);
	display_fold(&out, "a-word-that-is-longer x", 0, 5);
	assert_string_equal(out.data, "a-word-that-is-longer\nx\n");
	buf_clear(&out);
	display_fold(&out, "\u540d\u524d \u540d x", 0, 7);
	assert_string_equal(out.data, "\u540d\u524d \u540d\nx\n");
	buf_free(&out);
}

static void
broken_lines_fit(void **state)
{
	struct buf text = {0};

	(void)state;
	buf_str(&text, "abcdef\n\u540d\u524d\u540d\n\033[31mabcd\033[0m\n");
	display_break(&text, 4);
	assert_string_equal(text.data, "abcd\nef\n\u540d\u524d\n\u540d\n\033[31mabcd\033[0m\n");
	buf_free(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(width_counts_columns),
		cmocka_unit_test(cut_text_fits_and_has_an_ellipsis),
		cmocka_unit_test(folded_text_breaks_at_words),
		cmocka_unit_test(broken_lines_fit),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, set_locale, NULL);
}
