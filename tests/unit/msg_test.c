#include "testing.h"

#include "msg.h"

static void
say_all(void *arg)
{
	(void)arg;
	msg_program("bi-test");
	msg_warn("one %d", 1);
	errno = ENOENT;
	msg_warn_errno("no '%s'", "file");
}

static void
messages_name_the_program_and_the_error(void **state)
{
	(void)state;
	assert_int_equal(testing_child(say_all, NULL, "out"), 0);
	testing_assert_file("err", "bi-test: one 1\nbi-test: no 'file': No such file or directory\n");
	testing_assert_file("out", "");
}

static void
say_what_steers(void *arg)
{
	(void)arg;
	errno = ENOENT;
	msg_warn("%s", "a\x1b[2J\nb\xc2\x9b\xe2\x80\xae");
	msg_warn_errno("%s", "\x9b");
	if (errno != ENOENT)
		exit(1);
	msg_progress("\x1b[2J\xe2\x81\xa6");
}

static void
nothing_in_a_message_steers_the_terminal(void **state)
{
	(void)state;
	assert_int_equal(testing_child(say_what_steers, NULL, "out"), 0);
	testing_assert_file("err", "bi: a?[2J?b??\nbi: ?: No such file or directory\n\r\033[K?[2J?");
}

static void
say_something_long(void *arg)
{
	static char text[20000];

	(void)arg;
	memset(text, 'w', sizeof(text) - 1);
	errno = EIO;
	msg_warn_errno("%s", text);
	msg_warn("%s", text);
	msg_warn("next");
}

static void
a_long_message_stays_one_line(void **state)
{
	char *err;

	(void)state;
	assert_int_equal(testing_child(say_something_long, NULL, "out"), 0);
	err = testing_read("err");
	assert_string_equal(strchr(strchr(err, '\n') + 1, '\n'), "\nbi: next\n");
	assert_true(strlen(err) < 10000);
	free(err);
}

static void
die_with(void *arg)
{
	msg_die(*(int *)arg, "the end");
}

static void
die_keeps_its_code(void **state)
{
	(void)state;
	assert_int_equal(testing_child(die_with, &(int){EX_WRONG_USE}, "out"), 2);
	assert_int_equal(testing_child(die_with, &(int){EX_TEMPFAIL}, "out"), 75);
	testing_assert_file("err", "bi: the end\n");
}

static void
print_and_finish(void *arg)
{
	printf("a record\n");
	msg_finish(*(int *)arg);
}

static void
finish_writes_out_and_keeps_its_code(void **state)
{
	(void)state;
	assert_int_equal(testing_child(print_and_finish, &(int){EX_ALL_WELL}, "out"), 0);
	testing_assert_file("out", "a record\n");
	assert_int_equal(testing_child(print_and_finish, &(int){EX_SOME_FAILED}, "out"), 1);
}

static void
finish_into_a_full_disk_is_74(void **state)
{
	char *err;

	(void)state;
	assert_int_equal(testing_child(print_and_finish, &(int){EX_ALL_WELL}, "/dev/full"), 74);
	err = testing_read("err");
	assert_non_null(strstr(err, "bi: standard output"));
	assert_non_null(strstr(err, "No space left on device"));
	free(err);
}

static void
print_much_and_finish(void *arg)
{
	for (int i = 0; i < 100000; i++)
		printf("a record\n");
	/* What comes after the failed write may go well: the failure still counts. */
	msg_finish(*(int *)arg);
}

static void
an_earlier_write_error_is_not_forgotten(void **state)
{
	(void)state;
	assert_int_equal(testing_child(print_much_and_finish, &(int){EX_ALL_WELL}, "/dev/full"), 74);
}

static void
finish_with_stdout_closed(void *arg)
{
	close(STDOUT_FILENO);
	msg_finish(*(int *)arg);
}

static void
no_output_needs_no_stdout(void **state)
{
	(void)state;
	assert_int_equal(testing_child(finish_with_stdout_closed, &(int){EX_ALL_WELL}, "out"), 0);
}

static void
draw(void *arg)
{
	(void)arg;
	msg_progress("1/3");
	msg_warn("meanwhile");
	msg_progress("2/3");
	msg_progress(NULL);
	msg_progress(NULL);
}

static void
progress_makes_way_for_messages(void **state)
{
	(void)state;
	assert_int_equal(testing_child(draw, NULL, "out"), 0);
	testing_assert_file("err", "\r\033[K1/3\r\033[Kbi: meanwhile\n\r\033[K2/3\r\033[K");
}

static void
codes_of_errors(void **state)
{
	(void)state;
	assert_int_equal(msg_code(ENOSPC), 74);
	assert_int_equal(msg_code(EDQUOT), 74);
	assert_int_equal(msg_code(EROFS), 74);
	assert_int_equal(msg_code(EACCES), 77);
	assert_int_equal(msg_code(EPERM), 77);
	assert_int_equal(msg_code(EMFILE), 71);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_name_the_program_and_the_error),
		cmocka_unit_test(a_long_message_stays_one_line),
		cmocka_unit_test(nothing_in_a_message_steers_the_terminal),
		cmocka_unit_test(die_keeps_its_code),
		cmocka_unit_test(finish_writes_out_and_keeps_its_code),
		cmocka_unit_test(finish_into_a_full_disk_is_74),
		cmocka_unit_test(an_earlier_write_error_is_not_forgotten),
		cmocka_unit_test(no_output_needs_no_stdout),
		cmocka_unit_test(progress_makes_way_for_messages),
		cmocka_unit_test(codes_of_errors),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("msg", tests, testing_enter, testing_leave);
}
