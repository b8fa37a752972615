#include "testing.h"

#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>

#include "base/msg.h"

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
}

static void
nothing_in_a_message_steers_the_terminal(void **state)
{
	(void)state;
	assert_int_equal(testing_child(say_what_steers, NULL, "out"), 0);
	testing_assert_file("err", "bi: a?[2J?b??\nbi: ?: No such file or directory\n");
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

/* --- a terminal that processes share --- */

enum { COLUMNS = 40 };

struct terminal {
	int ours, theirs;
	int turn[2]; /* a byte is a turn of the child */
	pid_t child;
	char seen[4096];
};

static void
terminal_open(struct terminal *t)
{
	const struct winsize size = {.ws_row = 24, .ws_col = COLUMNS};

	*t = (struct terminal){.child = -1};
	assert_int_equal(openpty(&t->ours, &t->theirs, NULL, NULL, &size), 0);
	assert_int_equal(setenv("TERM", "xterm", 1), 0);
}

static void
terminal_close(const struct terminal *t)
{
	close(t->ours);
	close(t->theirs);
}

/* Runs F in a child whose stdout and stderr are the terminal. */
static void
terminal_start(struct terminal *t, void (*f)(struct terminal *))
{
	assert_int_equal(pipe(t->turn), 0);
	t->child = fork();
	assert_true(t->child >= 0);
	if (t->child > 0) {
		close(t->turn[0]);
		return;
	}
	close(t->turn[1]);
	if (dup2(t->theirs, STDOUT_FILENO) < 0 || dup2(t->theirs, STDERR_FILENO) < 0)
		_exit(99);
	close(t->theirs);
	msg_program("bi-test");
	f(t);
	msg_finish(EX_ALL_WELL);
}

/* In the child: waits for its next turn. */
static void
turn_wait(struct terminal *t)
{
	char c;

	if (read(t->turn[0], &c, 1) != 1)
		_exit(98);
}

static int
terminal_end(struct terminal *t)
{
	int status;

	assert_int_equal(waitpid(t->child, &status, 0), t->child);
	close(t->turn[1]);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* What the terminal got since the last call, if it is TEXT; waits until it has as much. */
static void
terminal_shows(struct terminal *t, const char *text)
{
	size_t n = 0;

	while (n < strlen(text)) {
		struct pollfd p = {.fd = t->ours, .events = POLLIN};

		if (poll(&p, 1, 5000) != 1)
			break;
		ssize_t r = read(t->ours, t->seen + n, sizeof(t->seen) - 1 - n);

		assert_true(r > 0);
		n += (size_t)r;
	}
	t->seen[n] = '\0';
	assert_string_equal(t->seen, text);
}

static void
draw(struct terminal *t)
{
	(void)t;
	msg_progress("1/3");
	msg_warn("meanwhile");
	msg_progress("2/3");
	printf("a line\n");
	msg_progress("3/3");
	msg_progress(NULL);
	msg_progress(NULL);
}

#define CLEAR "\r\033[K"

static void
progress_makes_way_for_messages(void **state)
{
	struct terminal t;

	(void)state;
	terminal_open(&t);
	terminal_start(&t, draw);
	assert_int_equal(terminal_end(&t), 0);
	terminal_shows(&t, CLEAR "1/3" CLEAR "bi-test: meanwhile\r\n" CLEAR "2/3" CLEAR "a line\r\n" CLEAR "3/3" CLEAR);
	terminal_close(&t);
}

static void
draw_in_turns(struct terminal *t)
{
	msg_progress("ours 1");
	turn_wait(t);
	msg_progress("ours 2");
	turn_wait(t);
}

static void
draw_twice(struct terminal *t)
{
	msg_progress("theirs 1");
	printf("theirs ");
	printf("is done\n");
	turn_wait(t);
	msg_progress("theirs 2");
}

static void
one_process_at_a_time_draws(void **state)
{
	struct terminal first, second;

	(void)state;
	terminal_open(&first);
	terminal_start(&first, draw_in_turns);
	terminal_shows(&first, CLEAR "ours 1");
	second = first;
	terminal_start(&second, draw_twice);
	/* Nothing of its progress; its line in the place of the other's. */
	terminal_shows(&first, CLEAR "theirs is done\r\n");
	assert_int_equal(write(first.turn[1], "", 1), 1);
	terminal_shows(&first, CLEAR "ours 2");
	assert_int_equal(write(first.turn[1], "", 1), 1);
	assert_int_equal(terminal_end(&first), 0);
	terminal_shows(&first, CLEAR);
	assert_int_equal(write(second.turn[1], "", 1), 1);
	assert_int_equal(terminal_end(&second), 0);
	terminal_shows(&first, CLEAR "theirs 2" CLEAR);
	terminal_close(&first);
}

static void
a_signal_takes_the_line_away(void **state)
{
	static const int fatal[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE};

	(void)state;
	for (size_t i = 0; i < sizeof(fatal) / sizeof(*fatal); i++) {
		struct terminal t;

		signal(fatal[i], SIG_DFL); /* a shell in the background ignores some, and msg leaves that so */
		terminal_open(&t);
		terminal_start(&t, draw_in_turns);
		terminal_shows(&t, CLEAR "ours 1");
		assert_int_equal(kill(t.child, fatal[i]), 0);
		assert_int_equal(terminal_end(&t), 128 + fatal[i]);
		terminal_shows(&t, CLEAR);
		terminal_close(&t);
	}
}

static void
a_killed_process_leaves_the_row_to_others(void **state)
{
	struct terminal first, second;

	(void)state;
	terminal_open(&first);
	terminal_start(&first, draw_in_turns);
	terminal_shows(&first, CLEAR "ours 1");
	assert_int_equal(kill(first.child, SIGKILL), 0);
	assert_int_equal(terminal_end(&first), 128 + SIGKILL);
	second = first;
	terminal_start(&second, draw_in_turns);
	terminal_shows(&second, CLEAR "ours 1");
	assert_int_equal(kill(second.child, SIGKILL), 0);
	terminal_end(&second);
	terminal_close(&first);
}

static void
draw_something_long(struct terminal *t)
{
	(void)t;
	msg_progress("1234567890123456789012345678901234567890 and more");
	msg_progress("12345678901234567890123456789012345678\xC3\xA4 and more");
}

static void
draw_what_steers(struct terminal *t)
{
	(void)t;
	msg_progress("\x1b[2J\xe2\x81\xa6");
}

static void
nothing_in_a_progress_line_steers_the_terminal(void **state)
{
	struct terminal t;

	(void)state;
	terminal_open(&t);
	terminal_start(&t, draw_what_steers);
	assert_int_equal(terminal_end(&t), 0);
	terminal_shows(&t, CLEAR "?[2J?" CLEAR);
	terminal_close(&t);
}

static void
a_long_line_is_cut_to_the_row(void **state)
{
	struct terminal t;

	(void)state;
	terminal_open(&t);
	terminal_start(&t, draw_something_long);
	assert_int_equal(terminal_end(&t), 0);
	terminal_shows(&t, CLEAR "123456789012345678901234567890123456789" CLEAR
				 "12345678901234567890123456789012345678" CLEAR);
	terminal_close(&t);
}

static void
a_dumb_terminal_gets_lines_only(void **state)
{
	struct terminal t;

	(void)state;
	terminal_open(&t);
	assert_int_equal(setenv("TERM", "dumb", 1), 0);
	terminal_start(&t, draw);
	assert_int_equal(terminal_end(&t), 0);
	terminal_shows(&t, "bi-test: meanwhile\r\na line\r\n");
	terminal_close(&t);
}

static void
draw_to_a_file(void *arg)
{
	(void)arg;
	msg_progress("1/3");
	msg_warn("meanwhile");
}

static void
nothing_is_drawn_in_a_file(void **state)
{
	(void)state;
	assert_int_equal(testing_child(draw_to_a_file, NULL, "out"), 0);
	testing_assert_file("err", "bi: meanwhile\n");
}

static void
codes_of_errors(void **state)
{
	(void)state;
	assert_int_equal(msg_exit_code(ENOSPC), 74);
	assert_int_equal(msg_exit_code(EDQUOT), 74);
	assert_int_equal(msg_exit_code(EROFS), 74);
	assert_int_equal(msg_exit_code(EACCES), 77);
	assert_int_equal(msg_exit_code(EPERM), 77);
	assert_int_equal(msg_exit_code(EMFILE), 71);
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
		cmocka_unit_test(one_process_at_a_time_draws),
		cmocka_unit_test(a_signal_takes_the_line_away),
		cmocka_unit_test(a_killed_process_leaves_the_row_to_others),
		cmocka_unit_test(nothing_in_a_progress_line_steers_the_terminal),
		cmocka_unit_test(a_long_line_is_cut_to_the_row),
		cmocka_unit_test(a_dumb_terminal_gets_lines_only),
		cmocka_unit_test(nothing_is_drawn_in_a_file),
		cmocka_unit_test(codes_of_errors),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("msg", tests, testing_enter, testing_leave);
}
