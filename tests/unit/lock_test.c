#include "testing.h"

#include <signal.h>

#include "lock.h"

static int
open_lock(void)
{
	int fd = open("lock", O_RDWR | O_CREAT | O_CLOEXEC, 0666);

	assert_true(fd >= 0);
	return fd;
}

static void
alone_excludes_all(void **state)
{
	int a = open_lock(), b = open_lock();

	(void)state;
	assert_int_equal(lock_try(a, LOCK_ALONE), 0);
	assert_int_equal(lock_try(b, LOCK_ALONE), 1);
	assert_int_equal(lock_try(b, LOCK_SHARED), 1);
	lock_drop(a);
	assert_int_equal(lock_wait(b, LOCK_ALONE), 0);
	assert_int_equal(lock_try(a, LOCK_SHARED), 1);
	close(b);
	assert_int_equal(lock_try(a, LOCK_SHARED), 0);
	close(a);
}

static void
shared_excludes_alone_only(void **state)
{
	int a = open_lock(), b = open_lock(), c = open_lock();

	(void)state;
	assert_int_equal(lock_try(a, LOCK_SHARED), 0);
	assert_int_equal(lock_try(b, LOCK_SHARED), 0);
	assert_int_equal(lock_try(c, LOCK_ALONE), 1);
	lock_drop(a);
	assert_int_equal(lock_try(c, LOCK_ALONE), 1);
	lock_drop(b);
	assert_int_equal(lock_try(c, LOCK_ALONE), 0);
	close(a);
	close(b);
	close(c);
}

static void
bytes_lock_each_for_itself(void **state)
{
	int a = open_lock(), b = open_lock();
	off_t held = -1;

	(void)state;
	assert_int_equal(lock_bytes_try(a, LOCK_ALONE, 10, 1), 0);
	assert_int_equal(lock_bytes_try(b, LOCK_ALONE, 10, 1), 1);
	assert_int_equal(lock_bytes_try(b, LOCK_ALONE, 9, 1), 0);
	assert_int_equal(lock_bytes_try(b, LOCK_ALONE, 11, 0), 0);
	assert_int_equal(lock_bytes_try(a, LOCK_SHARED, 1000000, 1), 1);
	assert_true(lock_bytes_held(b, 0, 0, &held));
	assert_int_equal(held, 10);
	assert_true(lock_bytes_held(a, 12, 5, &held));
	assert_int_equal(held, 12);
	assert_false(lock_bytes_held(a, 0, 9, NULL));
	lock_bytes_drop(a, 10, 1);
	assert_int_equal(lock_bytes_wait(b, LOCK_ALONE, 10, 1), 0);
	close(a);
	close(b);
}

static void
asking_takes_nothing_and_sees_shared_locks(void **state)
{
	int a = open_lock(), b = open_lock();

	(void)state;
	assert_false(lock_bytes_held(b, 0, 0, NULL));
	assert_int_equal(lock_bytes_try(a, LOCK_SHARED, 0, 1), 0);
	assert_true(lock_bytes_held(b, 0, 1, NULL));
	assert_false(lock_bytes_held(a, 0, 1, NULL)); /* its own does not count */
	assert_int_equal(lock_bytes_try(b, LOCK_SHARED, 0, 1), 0);
	close(a);
	close(b);
}

static void
flock_and_bytes_do_not_meet(void **state)
{
	int a = open_lock(), b = open_lock();

	(void)state;
	assert_int_equal(lock_try(a, LOCK_ALONE), 0);
	assert_int_equal(lock_bytes_try(b, LOCK_ALONE, 0, 0), 0);
	close(a);
	close(b);
}

/* A child that holds every kind of lock, says so, and waits to be killed. */
static pid_t
holder(int *ready)
{
	int pipes[2];
	pid_t pid;
	char byte = 'r';

	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		int f = open("flock", O_RDWR | O_CREAT, 0666), c = open("classic", O_RDWR | O_CREAT, 0666);
		int o = open("lock", O_RDWR | O_CREAT, 0666);

		if (lock_try(f, LOCK_ALONE) != 0 || lock_mark_owner(c) != 0 ||
		    lock_bytes_try(o, LOCK_ALONE, 7, 1) != 0 || write(pipes[1], &byte, 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(pipes[1]);
	*ready = pipes[0];
	assert_int_equal(read(pipes[0], &byte, 1), 1);
	return pid;
}

static void
a_killed_holder_lets_go_of_everything(void **state)
{
	int ready, f, c, o = open_lock();
	pid_t pid = holder(&ready);

	(void)state;
	f = open("flock", O_RDWR | O_CLOEXEC);
	c = open("classic", O_RDWR | O_CLOEXEC);
	assert_int_equal(lock_try(f, LOCK_SHARED), 1);
	assert_int_equal(lock_owner(c), pid);
	assert_int_equal(lock_mark_owner(c), 1);
	assert_int_equal(lock_bytes_try(o, LOCK_SHARED, 7, 1), 1);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(lock_try(f, LOCK_ALONE), 0);
	assert_int_equal(lock_owner(c), 0);
	assert_int_equal(lock_mark_owner(c), 0);
	assert_int_equal(lock_bytes_try(o, LOCK_ALONE, 7, 1), 0);
	close(ready);
	close(f);
	close(c);
	close(o);
}

static void
what_cannot_be_locked_is_an_error(void **state)
{
	(void)state;
	assert_int_equal(lock_try(-1, LOCK_ALONE), -1);
	assert_int_equal(errno, EBADF);
	assert_int_equal(lock_wait(-1, LOCK_SHARED), -1);
	assert_int_equal(lock_bytes_try(-1, LOCK_ALONE, 0, 1), -1);
	assert_int_equal(lock_owner(-1), 0);
	assert_int_equal(lock_mark_owner(-1), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(alone_excludes_all, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(shared_excludes_alone_only, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(bytes_lock_each_for_itself, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(asking_takes_nothing_and_sees_shared_locks, testing_enter,
						testing_leave),
		cmocka_unit_test_setup_teardown(flock_and_bytes_do_not_meet, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(a_killed_holder_lets_go_of_everything, testing_enter, testing_leave),
		cmocka_unit_test(what_cannot_be_locked_is_an_error),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("lock", tests, NULL, NULL);
}
