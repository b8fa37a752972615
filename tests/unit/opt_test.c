#include "testing.h"

#include <getopt.h>

#include "base/buf.h"
#include "base/msg.h"
#include "base/opt.h"

enum { OPT_WIDE = 256, OPT_LONG };

static const struct opt table[] = {
	{OPT_GROUP, "Names", NULL, NULL},
	{'b', "batch", "NAME", "the batch"},
	{'q', "quiet", NULL, "say less"},
	{OPT_GROUP, "Numbers", NULL, NULL},
	{'n', "number", "N", "a number, which may be below zero, and is not taken for an option as --wide is"},
	{'t', "time", "SECONDS", "a time"},
	{OPT_WIDE, "wide", "N", "no letter"},
	{OPT_LONG, "long-name", "AND/LONG/VALUE", "in a line of its own"},
	{0},
};

/* Prints what the options of the command line ARG, words apart, come to. */
static void
go_through(void *arg)
{
	char words[256], *argv[16], *rest = words;
	int id, argc = 1;

	snprintf(words, sizeof(words), "%s", (const char *)arg);
	argv[0] = buf_strdup("bi-test");
	while (argc < 15 && (argv[argc] = strsep(&rest, " ")))
		argc++;
	argv[argc] = NULL;
	optind = 1;
	msg_program("bi-test");

	struct opts o = {"[URL ...]", "Tests options.", table, argc, argv, NULL, NULL};

	while ((id = opt_next(&o))) {
		if (id == 'n')
			printf("%s=%ld ", o.given, opt_number(&o, -5, 100));
		else if (id == OPT_WIDE)
			printf("%s=%ld ", o.given, opt_number(&o, 1, 65535));
		else if (id == 't')
			printf("%s=%ld ", o.given, opt_milliseconds(&o, 0, 3600));
		else
			printf("%s=%s ", o.given, o.value ? o.value : "-");
	}
	for (char **a = opt_rest(&o); *a; a++)
		printf("[%s]", *a);
	free(argv[0]);
}

static void
assert_gives(const char *line, const char *out)
{
	assert_int_equal(testing_child(go_through, (void *)(uintptr_t)line, "out"), 0);
	testing_assert_file("out", out);
	testing_assert_file("err", "");
}

static void
options_are_taken_in_all_their_forms(void **state)
{
	(void)state;
	assert_gives("-b x", "--batch=x ");
	assert_gives("-bx", "--batch=x ");
	assert_gives("--batch x --quiet", "--batch=x --quiet=- ");
	assert_gives("--batch=x=y", "--batch=x=y ");
	assert_gives("--batch= -q", "--batch= --quiet=- ");
	assert_gives("-qbx -n -5", "--quiet=- --batch=x --number=-5 ");
	assert_gives("--wide 65535", "--wide=65535 ");
}

static void
operands_may_be_mixed_and_follow_two_dashes(void **state)
{
	(void)state;
	assert_gives("one -q two", "--quiet=- [one][two]");
	assert_gives("-q -- -b --batch", "--quiet=- [-b][--batch]");
	assert_gives("- -q", "--quiet=- [-]");
}

static void
numbers_at_the_edges_are_taken(void **state)
{
	(void)state;
	assert_gives("-n 100 -n -5 -n 0", "--number=100 --number=-5 --number=0 ");
	assert_gives("-t 0 -t 3600 -t 0.05 -t 1e1", "--time=0 --time=3600000 --time=50 --time=10000 ");
}

static void
assert_wrong(const char *line, const char *says)
{
	char *err;

	assert_int_equal(testing_child(go_through, (void *)(uintptr_t)line, "out"), 2);
	err = testing_read("err");
	if (!strstr(err, says) || strncmp(err, "bi-test: ", 9) != 0 || strchr(err, '\n') != err + strlen(err) - 1)
		fail_msg("%s: says '%s'", line, err);
	free(err);
}

static void
wrong_numbers_end_the_program(void **state)
{
	(void)state;
	assert_wrong("-n 101", "--number takes a whole number from -5 to 100, not '101'");
	assert_wrong("-n -6", "'-6'");
	assert_wrong("-n 7x", "'7x'");
	assert_wrong("-n 1.5", "'1.5'");
	assert_wrong("--number=", "''");
	assert_wrong("-n 99999999999999999999999", "--number");
	assert_wrong("--wide 70000", "--wide takes a whole number from 1 to 65535, not '70000'");
	assert_wrong("--wide 0x10", "'0x10'");
	assert_wrong("-t nan", "--time takes seconds");
	assert_wrong("-t inf", "'inf'");
	assert_wrong("-t 3600.1", "'3600.1'");
	assert_wrong("-t -0.1", "'-0.1'");
	assert_wrong("-t 1s", "'1s'");
}

static void
wrong_options_end_the_program(void **state)
{
	(void)state;
	assert_wrong("-z", "-z");
	assert_wrong("-qz", "-z");
	assert_wrong("--nonsense", "--nonsense");
	assert_wrong("x --nonsense y", "--nonsense");
	assert_wrong("-b", "-b needs a value");
	assert_wrong("--batch", "--batch needs a value");
	assert_wrong("--nonsense=yes", "there is no option --nonsense=yes");
	assert_wrong("--input-file", "there is no option --input-file");
	assert_wrong("--quiet=yes", "--quiet takes no value");
	assert_wrong("--qui=yes", "--qui takes no value");
	assert_wrong("--help=yes", "--help takes no value");
	assert_wrong("--nonsense", "bi-test --help");
	assert_wrong("--Numbers", "there is no option --Numbers");
}

static void
help_and_version_are_printed(void **state)
{
	static const char *const short_forms[] = {"-h", "x -h"};
	char *help, *out;

	(void)state;
	assert_int_equal(testing_child(go_through, (void *)(uintptr_t) "--help", "out"), 0);
	help = testing_read("out");
	assert_non_null(strstr(help, "usage: bi-test [OPTION ...] [URL ...]\nTests options.\n"));
	assert_non_null(strstr(help, "  -b, --batch NAME "));
	assert_non_null(strstr(help, "      --wide N "));
	assert_non_null(strstr(help, "  -h, --help "));
	assert_non_null(strstr(help, "options.\n\nNames:\n  -b, "));
	assert_non_null(strstr(
		help, "\n\nNumbers:\n  -n, --number N               a number, which may be below zero, and is not\n"
		      "                               taken for an option as --wide is\n"));
	assert_non_null(strstr(help, "\n      --long-name AND/LONG/VALUE\n"
				     "                               in a line of its own\n"));
	for (size_t i = 0; i < sizeof(short_forms) / sizeof(*short_forms); i++) {
		assert_int_equal(testing_child(go_through, (void *)(uintptr_t)short_forms[i], "out"), 0);
		testing_assert_file("out", help);
	}
	assert_int_equal(testing_child(go_through, (void *)(uintptr_t) "-qh", "out"), 0);
	out = testing_read("out");
	assert_non_null(strstr(out, help));
	free(out);
	free(help);
	assert_int_equal(testing_child(go_through, (void *)(uintptr_t) "-q --version", "out"), 0);
	out = testing_read("out");
	assert_non_null(strstr(out, "bi-test (bi) " BI_VERSION "\n"));
	free(out);
	assert_int_equal(testing_child(go_through, (void *)(uintptr_t) "--help", "/dev/full"), 74);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_are_taken_in_all_their_forms),
		cmocka_unit_test(operands_may_be_mixed_and_follow_two_dashes),
		cmocka_unit_test(numbers_at_the_edges_are_taken),
		cmocka_unit_test(wrong_numbers_end_the_program),
		cmocka_unit_test(wrong_options_end_the_program),
		cmocka_unit_test(help_and_version_are_printed),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("opt", tests, testing_enter, testing_leave);
}
