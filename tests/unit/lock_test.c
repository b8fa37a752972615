#include "testing.h"

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "base/lock.h"

enum { STOP_MS = 50, PATIENCE_MS = 20000 };

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
what_is_let_go_keeps_errno(void **state)
{
	(void)state;
	errno = EIO;
	lock_drop(-1);
	lock_bytes_drop(-1, 0, 1);
	assert_int_equal(errno, EIO);
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
	assert_int_equal(lock_bytes_held(b, 0, 0, &held), 1);
	assert_int_equal(held, 10);
	assert_int_equal(lock_bytes_held(a, 12, 5, &held), 1);
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
	assert_int_equal(lock_bytes_held(b, 0, 1, NULL), 1);
	assert_false(lock_bytes_held(a, 0, 1, NULL)); /* its own does not count */
	assert_int_equal(lock_bytes_try(b, LOCK_SHARED, 0, 1), 0);
	close(a);
	close(b);
}

static void
all_of_a_lock_is_found(void **state)
{
	int a = open_lock(), b = open_lock();
	off_t begin = 0, end = 0;

	(void)state;
	assert_int_equal(lock_bytes_try(a, LOCK_ALONE, 3, 2), 0);
	assert_int_equal(lock_bytes_try(a, LOCK_ALONE, 5, 2), 0);
	assert_int_equal(lock_bytes_find(a, 0, 100, &begin, &end), 0); /* its own */
	assert_int_equal(lock_bytes_find(b, 0, 3, &begin, &end), 0);
	assert_int_equal(lock_bytes_find(b, 7, 1, &begin, &end), 0);
	assert_int_equal(lock_bytes_find(b, 4, 1, &begin, &end), 1);
	assert_int_equal(begin, 3);
	assert_int_equal(end, 7);
	assert_int_equal(lock_bytes_try(a, LOCK_SHARED, 50, 0), 0);
	assert_int_equal(lock_bytes_find(b, 60, 1, &begin, &end), 1);
	assert_int_equal(begin, 50);
	assert_true(end > INT64_C(1) << 60);
	assert_int_equal(lock_bytes_find(-1, 0, 1, &begin, &end), -1);
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
	assert_int_equal(lock_owner(-1), -1);
	assert_int_equal(errno, EBADF);
	assert_int_equal(lock_bytes_held(-1, 0, 1, NULL), -1);
	assert_int_equal(lock_mark_owner(-1), -1);
}

/* --- waits that can be stopped, each in a process of its own --- */

static bool
is_over(void *arg)
{
	return clock_ms() >= *(const int64_t *)arg;
}

static bool
is_never_over(void *arg)
{
	(void)arg;
	return false;
}

static int
wait_for_flock(int fd)
{
	return lock_wait(fd, LOCK_ALONE);
}

static int
wait_for_bytes(int fd)
{
	return lock_bytes_wait(fd, LOCK_SHARED, 3, 1);
}

/* Runs TRY in a child, which gets PATIENCE_MS: its exit code, or -1. */
static int
in_child(int (*try)(void))
{
	int64_t until = clock_ms() + PATIENCE_MS;
	int status = 0;
	pid_t pid = fork(), ended = 0;

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(try());
	while ((ended = waitpid(pid, &status, WNOHANG)) == 0 && clock_ms() < until)
		nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
	if (ended == 0) {
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
	}
	return ended == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Waits by WAIT for what is held all the time, with a deadline that the wait is asked about. */
static int
waits_until_over(int (*wait)(int fd))
{
	int64_t until = clock_ms() + STOP_MS;
	int fd = open_lock();

	lock_interruptible(is_over, &until);
	if (wait(fd) != -1 || errno != EINTR)
		return 1;
	return clock_ms() >= until ? 0 : 2;
}

static int
stops_flock(void)
{
	return waits_until_over(wait_for_flock);
}

static int
stops_bytes(void)
{
	return waits_until_over(wait_for_bytes);
}

/* The same where the kernel makes no timers for this user. */
static int
stops_without_timers(void)
{
	const struct rlimit none = {0};

	return setrlimit(RLIMIT_SIGPENDING, &none) < 0 ? 3 : stops_flock();
}

/* The same where all signals are blocked, as in a program that takes them from a descriptor. */
static int
stops_without_signals(void)
{
	sigset_t all;

	sigfillset(&all);
	return sigprocmask(SIG_SETMASK, &all, NULL) < 0 ? 3 : stops_bytes();
}

static void
a_wait_ends_when_it_is_asked_to(void **state)
{
	int fd = open_lock();

	(void)state;
	assert_int_equal(lock_try(fd, LOCK_ALONE), 0);
	assert_int_equal(lock_bytes_try(fd, LOCK_ALONE, 0, 0), 0);
	assert_int_equal(in_child(stops_flock), 0);
	assert_int_equal(in_child(stops_bytes), 0);
	assert_int_equal(in_child(stops_without_timers), 0);
	assert_int_equal(in_child(stops_without_signals), 0);
	close(fd);
}

static void *
lets_go_later(void *arg)
{
	nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
	close(*(int *)arg);
	return NULL;
}

/* Waits by WAIT for what a thread lets go of. */
static int
waits_until_free(int (*wait)(int fd))
{
	int held = open_lock(), fd = open_lock();
	pthread_t t;

	lock_interruptible(is_never_over, NULL);
	if (lock_try(held, LOCK_ALONE) != 0 || lock_bytes_try(held, LOCK_ALONE, 0, 0) != 0 ||
	    pthread_create(&t, NULL, lets_go_later, &held) != 0)
		return 1;
	if (wait(fd) != 0)
		return 2;
	pthread_join(t, NULL);
	held = open_lock();
	return wait == wait_for_flock ? lock_try(held, LOCK_SHARED) != 1 : !lock_bytes_held(held, 3, 1, NULL);
}

static int
gets_flock(void)
{
	return waits_until_free(wait_for_flock);
}

static int
gets_bytes(void)
{
	return waits_until_free(wait_for_bytes);
}

static int
fails_at_once(void)
{
	lock_interruptible(is_never_over, NULL);
	return lock_wait(-1, LOCK_ALONE) == -1 && errno == EBADF && wait_for_bytes(-1) == -1 && errno == EBADF ? 0 : 1;
}

static void
a_wait_that_may_be_stopped_gets_the_lock(void **state)
{
	(void)state;
	assert_int_equal(in_child(gets_flock), 0);
	assert_int_equal(in_child(gets_bytes), 0);
	assert_int_equal(in_child(fails_at_once), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(alone_excludes_all, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(what_is_let_go_keeps_errno, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(shared_excludes_alone_only, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(bytes_lock_each_for_itself, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(asking_takes_nothing_and_sees_shared_locks, testing_enter,
						testing_leave),
		cmocka_unit_test_setup_teardown(all_of_a_lock_is_found, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(flock_and_bytes_do_not_meet, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(a_killed_holder_lets_go_of_everything, testing_enter, testing_leave),
		cmocka_unit_test(what_cannot_be_locked_is_an_error),
		cmocka_unit_test_setup_teardown(a_wait_ends_when_it_is_asked_to, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(a_wait_that_may_be_stopped_gets_the_lock, testing_enter, testing_leave),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("lock", tests, NULL, NULL);
}
