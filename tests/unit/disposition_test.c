/*
 * The names in Content-Disposition, as servers write them, and names made safe.
 */
#include "hosts/disposition.h"

#include <string.h>

#include "base/file_name.h"
#include "base/utf8.h"
#include "testing.h"

struct one {
	const char *value, *name; /* NULL: it has none */
};

static void
names_are(const struct one *list, size_t n)
{
	struct buf out = {0};

	for (size_t i = 0; i < n; i++) {
		bool found = disposition_filename(&out, list[i].value);

		if (found != (list[i].name != NULL) || (found && strcmp(out.data, list[i].name) != 0))
			fail_msg("%s gives %s", list[i].value, found ? out.data : "nothing");
	}
	buf_free(&out);
}

#define NAMES(...)                                               \
	do {                                                     \
		const struct one list[] = {__VA_ARGS__};         \
		names_are(list, sizeof(list) / sizeof(list[0])); \
	} while (0)

static void
plain_names(void **state)
{
	(void)state;
	NAMES({"attachment; filename=a.png", "a.png"}, {"attachment;filename=\"a b.png\"", "a b.png"},
	      {"ATTACHMENT; FileName = a.png ; x=y", "a.png"}, {"inline; filename=\"a\\\"b\\\\c.png\"", "c.png"},
	      {"inline; filename=\"say \\\"hi\\\".txt\"", "say \"hi\".txt"}, {"filename=a.png", "a.png"},
	      {"attachment; filename=my holiday.png", "my holiday.png"},
	      {"attachment; filename=\"a;b=c.png\"; size=3", "a;b=c.png"}, {"attachment; xfilename=a; filename=b", "b"},
	      {"attachment; filename=a; filename=b", "a"},
	      {"attachment; filename=\"n\303\244h.png\"", "n\303\244h.png"},
	      {"attachment; filename=\"n\344h.png\"", "n\303\244h.png"},
	      {"attachment; filename=\"open.png", "open.png"}, {"attachment; filename=a%20b.png", "a%20b.png"});
}

static void
extended_names(void **state)
{
	(void)state;
	NAMES({"attachment; filename*=UTF-8''na%C3%AFve%20caf%C3%A9.png", "na\303\257ve caf\303\251.png"},
	      {"attachment; filename=x.png; filename*=utf-8'en'%e2%82%ac.png", "\342\202\254.png"},
	      {"attachment; filename*=utf-8'en'%e2%82%ac.png; filename=x.png", "\342\202\254.png"},
	      {"attachment; filename*=ISO-8859-1''%A3%20rates", "\302\243 rates"},
	      {"attachment; filename*=iso-8859-1''%C3%A9", "\303\203\302\251"},
	      {"attachment; filename*=\"UTF-8''a.png\"", "a.png"},
	      /* One that is not valid does not count. */
	      {"attachment; filename=x; filename*=UTF-8''%C3%28", "x"},
	      {"attachment; filename=x; filename*=UTF-8''%zz", "x"},
	      {"attachment; filename=x; filename*=UTF-8''a%2", "x"},
	      {"attachment; filename=x; filename*=UTF-8''a%00b", "x"},
	      {"attachment; filename=x; filename*=KOI8-R''%C1", "x"}, {"attachment; filename=x; filename*=a.png", "x"},
	      {"attachment; filename*=UTF-8''%FF", NULL});
}

static void
unsafe_names(void **state)
{
	(void)state;
	NAMES({"attachment; filename=\"../../etc/passwd\"", "passwd"}, {"attachment; filename=/etc/passwd", "passwd"},
	      {"attachment; filename=\"C:\\dir\\a.png\"", "a.png"},
	      {"attachment; filename=\"C:\\\\dir\\\\a.png\"", "a.png"},
	      {"attachment; filename*=UTF-8''..%2F..%2Fa.png", "a.png"},
	      {"attachment; filename*=UTF-8''..%5Ca.png", "a.png"}, {"attachment; filename=.bashrc", "bashrc"},
	      {"attachment; filename=\"...\"", NULL}, {"attachment; filename=\"a/\"", NULL},
	      {"attachment; filename=\"\"", NULL}, {"attachment; filename=", NULL}, {"attachment", NULL}, {"", NULL},
	      {";;;=", NULL}, {"\"\"\"", NULL}, {"attachment; filename*=UTF-8''a%0D%0Ab%1B.png", "ab.png"},
	      {"attachment; filename*=UTF-8''gnp%E2%80%AE.exe", "gnp.exe"}, {"attachment; filename=\"a\tb\"", "ab"},
	      {"attachment; filename=\" . a \"", "a"});
}

static void
long_names_are_cut_before_their_extension(void **state)
{
	char value[1200] = "attachment; filename=\"";
	struct buf out = {0};

	(void)state;
	for (int i = 0; i < 200; i++)
		strcat(value, "\303\244");
	strcat(value, ".jpeg\"");
	assert_true(disposition_filename(&out, value));
	assert_true(out.len <= FILE_NAME_MAX && out.len >= FILE_NAME_MAX - 1);
	assert_int_equal(utf8_valid_length(out.data, out.len), out.len);
	assert_string_equal(out.data + out.len - 5, ".jpeg");
	buf_free(&out);
}

static void
portable_names(void **state)
{
	static const char *const names[][2] = {
		{"a.png", "a.png"},
		{"a<b>c:d\"e/f\\g|h?i*j", "a_b_c_d_e_f_g_h_i_j"},
		{"CON", "_CON"},
		{"con.txt", "_con.txt"},
		{"Com1.tar.gz", "_Com1.tar.gz"},
		{"lpt\302\271", "_lpt\302\271"},
		{"CONsole", "CONsole"},
		{"COM10", "COM10"},
		{"NUL .txt", "_NUL .txt"},
		{"a. . .", "a"},
		{"../x", "_x"},
		{".hidden", "hidden"},
		{"a\nb", "ab"},
		{"", NULL},
		{"...", NULL},
		{"aux", "_aux"},
	};
	struct buf out = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		bool found = file_name_portable(&out, names[i][0]);

		if (found != (names[i][1] != NULL) || (found && strcmp(out.data, names[i][1]) != 0))
			fail_msg("%s gives %s", names[i][0], found ? out.data : "nothing");
	}
	buf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_names),    cmocka_unit_test(extended_names),
		cmocka_unit_test(unsafe_names),   cmocka_unit_test(long_names_are_cut_before_their_extension),
		cmocka_unit_test(portable_names),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
