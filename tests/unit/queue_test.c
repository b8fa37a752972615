#include "batch/queue.h"

#include "batching.h"

#include <poll.h>

#include "base/buf.h"
#include "batch/batch_priority.h"

static bool
gather(const char *batch, void *arg)
{
	struct buf *names = arg;

	buf_printf(names, "%s ", batch);
	return true;
}

static void
assert_queue(const struct root *root, const char *names)
{
	struct buf there = {0};

	buf_str(&there, "");
	assert_int_equal(queue_each(root, gather, &there), 0);
	assert_string_equal(there.data, names);
	buf_free(&there);
}

static bool
agree(const char *batch, void *arg)
{
	assert_non_null(batch);
	++*(int *)arg;
	return true;
}

static bool
refuse(const char *batch, void *arg)
{
	assert_non_null(batch);
	++*(int *)arg;
	return false;
}

static bool
becomes_readable(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	char bytes[4096];
	bool is = poll(&p, 1, 2000) > 0;

	while (read(fd, bytes, sizeof(bytes)) > 0)
		;
	return is;
}

static void
an_entry_is_held_until_it_is_handed_in(void **state)
{
	struct root *root = batching_root(state);
	int fd, asked = 0;

	assert_queue(root, "");
	assert_false(queue_is_held(root, "b"));
	fd = queue_make(root, "b");
	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_queue(root, "b ");
	assert_true(queue_is_held(root, "b"));
	assert_int_equal(queue_make(root, "b"), -1);
	assert_int_equal(errno, EEXIST);
	assert_int_equal(queue_end(root, "b", agree, &asked), 1);
	assert_int_equal(asked, 0);
	queue_hand_in(fd);
	assert_false(queue_is_held(root, "b"));
	assert_int_equal(queue_end(root, "b", refuse, &asked), 1);
	assert_queue(root, "b ");
	assert_int_equal(queue_end(root, "b", agree, &asked), 0);
	assert_int_equal(asked, 2);
	assert_queue(root, "");
	assert_int_equal(queue_end(root, "b", agree, &asked), 0);
	assert_int_equal(asked, 2);
}

static void
a_maker_takes_back_what_he_made(void **state)
{
	struct root *root = batching_root(state);
	int fd = queue_make(root, "b");

	assert_true(fd >= 0);
	assert_int_equal(queue_drop(root, "b"), 0);
	close(fd);
	assert_queue(root, "");
	assert_int_equal(queue_drop(root, "b"), -1);
	assert_int_equal(errno, ENOENT);
	fd = queue_make(root, "b");
	assert_true(fd >= 0);
	queue_hand_in(fd);
}

static void
a_killed_maker_lets_go(void **state)
{
	struct root *root = batching_root(state);
	int pipes[2], status;
	char byte;
	pid_t pid;

	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		NEED(queue_make(root, "b") >= 0);
		NEED(write(pipes[1], "r", 1) == 1);
		for (;;)
			pause();
	}
	close(pipes[1]);
	assert_int_equal(read(pipes[0], &byte, 1), 1);
	close(pipes[0]);
	assert_true(queue_is_held(root, "b"));
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_false(queue_is_held(root, "b"));
	assert_queue(root, "b ");
}

static void
entries_come_in_the_order_of_handing_in(void **state)
{
	static const char *const names[] = {"c", "a", "b"};
	struct root *root = batching_root(state);

	for (size_t i = 0; i < 3; i++) {
		struct timespec at[] = {{.tv_sec = 1000 + (time_t)i}, {.tv_sec = 1000 + (time_t)i}};
		int fd = queue_make(root, names[i]);

		assert_true(fd >= 0);
		assert_int_equal(futimens(fd, at), 0);
		queue_hand_in(fd);
	}
	/* What is no entry is passed over. */
	assert_int_equal(mkdir("queue/d", 0777), 0);
	assert_int_equal(symlink("a", "queue/e"), 0);
	testing_write("queue/.hidden", "", 0);
	close(queue_hold_worker(root, false));
	assert_queue(root, "c a b ");
}

static void
adding_makes_an_entry_or_leaves_the_one_there(void **state)
{
	struct root *root = batching_root(state);
	int watch = queue_watch(root);

	assert_true(watch >= 0);
	assert_int_equal(queue_add(root, "b"), 0);
	assert_true(becomes_readable(watch));
	assert_queue(root, "b ");
	assert_int_equal(queue_add(root, "b"), 0);
	assert_true(becomes_readable(watch));
	assert_queue(root, "b ");
	assert_false(queue_is_held(root, "b"));
	assert_int_equal(symlink("b", "queue/link"), 0);
	assert_int_equal(queue_add(root, "link"), -1);
	close(watch);
}

/* Whether the process waits for a flock, as the kernel says. */
static bool
waits_for_lock(pid_t pid)
{
	FILE *f = fopen("/proc/locks", "re");
	char line[256], number[16];
	bool does = false;

	assert_non_null(f);
	snprintf(number, sizeof(number), " %d ", (int)pid);
	while (fgets(line, sizeof(line), f))
		does = does || (strstr(line, "-> FLOCK") && strstr(line, number));
	fclose(f);
	return does;
}

struct ending {
	pid_t adder;
	int go;
};

/* An adder comes while the entry is about to go: it waits, and makes a new one. */
static bool
add_meanwhile(const char *batch, void *arg)
{
	struct ending *e = arg;

	assert_string_equal(batch, "b");
	assert_int_equal(write(e->go, "g", 1), 1);
	for (int i = 0; i < 2000 && !waits_for_lock(e->adder); i++)
		usleep(2000);
	return true;
}

static void
an_entry_is_not_removed_under_an_adder(void **state)
{
	struct root *root = batching_root(state);
	struct ending e;
	int status, pipes[2];
	char byte;

	assert_int_equal(queue_add(root, "b"), 0);
	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	e.go = pipes[1];
	e.adder = fork(); /* before the lock is taken: it is not to have it too */
	assert_true(e.adder >= 0);
	if (e.adder == 0) {
		NEED(read(pipes[0], &byte, 1) == 1);
		_exit(queue_add(root, "b") == 0 ? 0 : 1);
	}
	assert_int_equal(queue_end(root, "b", add_meanwhile, &e), 0);
	assert_int_equal(waitpid(e.adder, &status, 0), e.adder);
	assert_int_equal(status, 0);
	assert_queue(root, "b ");
	close(pipes[0]);
	close(pipes[1]);
}

static void
handing_in_wakes_who_watches(void **state)
{
	struct root *root = batching_root(state);
	int watch = queue_watch(root), fd;
	struct pollfd p = {.fd = watch, .events = POLLIN};

	assert_true(watch >= 0);
	fd = queue_make(root, "b");
	assert_true(becomes_readable(watch)); /* it is there */
	assert_int_equal(poll(&p, 1, 0), 0);
	queue_hand_in(fd);
	assert_true(becomes_readable(watch)); /* it is let go */
	close(watch);
}

static void
who_works_is_known(void **state)
{
	struct root *root = batching_root(state);
	int one, two;

	assert_false(queue_has_worker(root));
	one = queue_hold_worker(root, false);
	assert_true(one >= 0);
	two = queue_hold_worker(root, true);
	assert_true(two >= 0);
	assert_true(queue_has_worker(root));
	close(one);
	assert_true(queue_has_worker(root));
	close(two);
	assert_false(queue_has_worker(root));
}

/* What cannot be looked at is neither free nor gone. */
static void
what_cannot_be_opened_is_an_error(void **state)
{
	struct root *root = batching_root(state);

	assert_int_equal(mkdir("queue", 0777), 0);
	assert_int_equal(queue_is_held(root, "b"), 0);
	assert_int_equal(queue_has_worker(root), 0);
	assert_int_equal(symlink("b", "queue/b"), 0);
	assert_int_equal(symlink(".lock", "queue/.lock"), 0);
	assert_int_equal(queue_is_held(root, "b"), -1);
	assert_int_equal(errno, ELOOP);
	assert_int_equal(queue_has_worker(root), -1);
	assert_int_equal(errno, ELOOP);
}

static void
one_stands_by_until_the_other_is_gone(void **state)
{
	struct root *root = batching_root(state);
	int one = queue_hold_worker(root, true), pipes[2], status;
	struct pollfd p = {.events = POLLIN};
	pid_t pid;

	assert_true(one >= 0);
	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		close(one);
		NEED(queue_hold_worker(root, true) >= 0);
		NEED(write(pipes[1], "r", 1) == 1);
		_exit(0);
	}
	close(pipes[1]);
	p.fd = pipes[0];
	assert_int_equal(poll(&p, 1, 100), 0);
	close(one);
	assert_int_equal(poll(&p, 1, 5000), 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	close(pipes[0]);
}

static void
batches_of_a_higher_priority_come_first(void **state)
{
	static const int priorities[] = {PRIORITY_LOW,    PRIORITY_NORMAL, PRIORITY_MAX,
					 PRIORITY_NORMAL, PRIORITY_HIGH,   0};
	struct root *root = batching_root(state);
	char name[] = "p0";

	for (size_t i = 0; i < sizeof(priorities) / sizeof(*priorities); i++, name[1]++) {
		struct batch *b = batch_open(root, name, BATCH_WORK, NULL);

		assert_non_null(b);
		assert_int_equal(batch_priority_read(batch_dirfd(b), "."), PRIORITY_NORMAL);
		if (priorities[i] != PRIORITY_NORMAL)
			assert_int_equal(batch_priority_write(root, batch_dirfd(b), priorities[i], false), 0);
		assert_int_equal(batch_priority_read(batch_dirfd(b), "."), priorities[i]);
		batch_close(b);
		assert_int_equal(queue_add(root, name), 0);
	}
	assert_queue(root, "p2 p4 p1 p3 p0 p5 ");
}

static void
a_priority_that_is_none_is_not_read(void **state)
{
	static const char *const bad[] = {"", "4", "10\n", "-1\n", "high\n", "\n4"};
	static const char *const words[] = {"", "10", "-1", " 4", "4 ", "High", "1.0", "normal\n"};
	struct batch *b = batching_open(state, BATCH_WORK);

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		testing_write("batches/b/priority", bad[i], strlen(bad[i]));
		errno = 0;
		assert_int_equal(batch_priority_read(batch_dirfd(b), "."), -1);
		assert_int_equal(errno, EBADMSG);
	}
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		assert_int_equal(priority_parse(words[i]), -1);
	assert_int_equal(priority_parse("low"), 1);
	assert_int_equal(priority_parse("normal"), 4);
	assert_int_equal(priority_parse("high"), 7);
	assert_int_equal(priority_parse("0"), 0);
	batch_close(b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_entry_is_held_until_it_is_handed_in, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(a_maker_takes_back_what_he_made, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(a_killed_maker_lets_go, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(entries_come_in_the_order_of_handing_in, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(batches_of_a_higher_priority_come_first, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(a_priority_that_is_none_is_not_read, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(adding_makes_an_entry_or_leaves_the_one_there, testing_enter,
						testing_leave),
		cmocka_unit_test_setup_teardown(an_entry_is_not_removed_under_an_adder, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(handing_in_wakes_who_watches, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(who_works_is_known, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(what_cannot_be_opened_is_an_error, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(one_stands_by_until_the_other_is_gone, testing_enter, testing_leave),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("queue", tests, NULL, NULL);
}
