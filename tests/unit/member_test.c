#include "testing.h"

#include "base/member.h"

static void
names_become_labels_or_are_refused(void **state)
{
	static const struct {
		const char *name, *label, *why;
	} names[] = {
		{"a/b", "a/b", NULL},
		{"./a//b/./c/", "a/b/c", NULL},
		{"caf\xe9", "caf\\xe9", NULL},
		{"caf\xc3\xa9", "caf\xc3\xa9", NULL},
		{"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80", NULL},
		{"\xed\xa0\x80", "\\xed\\xa0\\x80", NULL},
		{"\xc0\xaf", "\\xc0\\xaf", NULL},
		{"\xf0\x9f\x98", "\\xf0\\x9f\\x98", NULL},
		{"a\nb\x1b[2J\x7f", "a\\x0ab\\x1b[2J\\x7f", NULL},
		{"\xc2\x9b"
		 "2J",
		 "\\u009b2J", NULL},
		{"\xe2\x80\xaegpj.exe", "\\u202egpj.exe", NULL},
		{"...", "...", NULL},
		{"..a/b..", "..a/b..", NULL},
		{"..", "..", "its name has .. in it"},
		{"a/..", "a/..", "its name has .. in it"},
		{"a\\..\\b", "a\\..\\b", "its name has .. in it"},
		{"/", "/", "its name is absolute"},
		{"\\\\host\\a", "\\\\host\\a", "its name is absolute"},
		{"C:\\a", "C:\\a", "its name is absolute"},
		{"", "", "it has no name"},
		{"./.", "", "it has no name"},
	};
	struct buf out = {0};
	char *longest = calloc(1, MEMBER_LABEL_MAX + 2);

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *why = member_label(&out, names[i].name, strlen(names[i].name));

		assert_string_equal(out.data, names[i].label);
		assert_string_equal(why ? why : "", names[i].why ? names[i].why : "");
	}
	assert_null(member_label(&out, "a\0b", 3));
	assert_string_equal(out.data, "a\\x00b");
	assert_non_null(longest);
	memset(longest, 'x', MEMBER_LABEL_MAX + 1);
	assert_null(member_label(&out, longest, MEMBER_LABEL_MAX));
	assert_int_equal(out.len, MEMBER_LABEL_MAX);
	assert_non_null(member_label(&out, longest, MEMBER_LABEL_MAX + 1));
	assert_int_equal(out.len, MEMBER_LABEL_MAX);
	free(longest);
	buf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(names_become_labels_or_are_refused)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
