#include "testing.h"

#include <poll.h>
#include <signal.h>
#include <sys/pidfd.h>

#include "base/child.h"

enum { SOON_MS = 20000 };

static pid_t
start(char *const *argv, const struct child_fd *fds, size_t n)
{
	return child_start(&(struct child){.program = argv[0], .argv = argv, .fds = fds, .fd_count = n});
}

static pid_t
shell(const char *script, const struct child_fd *fds, size_t n)
{
	char *const argv[] = {"sh", "-c", (char *)(uintptr_t)script, NULL};

	return start(argv, fds, n);
}

static int
create(const char *name)
{
	int fd = open(name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

	assert_true(fd >= 0);
	return fd;
}

static bool
ends(int pidfd, int ms)
{
	return poll(&(struct pollfd){.fd = pidfd, .events = POLLIN}, 1, ms) == 1;
}

static void
exit_codes_and_signals(void **state)
{
	(void)state;
	assert_int_equal(child_wait(shell("exit 0", NULL, 0)), 0);
	assert_int_equal(child_wait(shell("exit 7", NULL, 0)), 7);
	assert_int_equal(child_wait(shell("kill -KILL $$", NULL, 0)), 128 + SIGKILL);
	assert_int_equal(child_wait(getpid()), -1);
	assert_int_equal(errno, ECHILD);
}

static void
what_cannot_be_started_is_an_error_and_leaves_nothing(void **state)
{
	char *const missing[] = {"./no-such-program", NULL}, *const plain[] = {"./plain", NULL};
	const struct child_fd bad = {.ours = 999, .theirs = 5};
	struct child_fd many[CHILD_FDS + 1] = {0};

	(void)state;
	assert_int_equal(start(missing, NULL, 0), -1);
	assert_int_equal(errno, ENOENT);
	testing_write("plain", "no program\n", 11);
	assert_int_equal(start(plain, NULL, 0), -1);
	assert_int_equal(errno, EACCES);
	assert_int_equal(shell("exit 0", &bad, 1), -1);
	assert_int_equal(errno, EBADF);
	assert_int_equal(shell("exit 0", many, CHILD_FDS + 1), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void
the_map_may_cross(void **state)
{
	int a = create("a"), b = create("b"), out = create("out");
	const struct child_fd fds[] = {{a, b}, {b, a}, {out, 1}};
	char script[64];

	(void)state;
	assert_true(a < 10 && b < 10); /* what sh can name */
	assert_int_equal(write(a, "A", 1), 1);
	assert_int_equal(write(b, "B", 1), 1);
	snprintf(script, sizeof(script), "cat /dev/fd/%d /dev/fd/%d", a, b);
	assert_int_equal(child_wait(shell(script, fds, 3)), 0);
	testing_assert_file("out", "BA");
	close(a);
	close(b);
	close(out);
}

static void
nothing_but_the_map_gets_through(void **state)
{
	int out = create("out"), leak = open("/dev/zero", O_RDONLY); /* not close-on-exec, on purpose */
	const struct child_fd fds[] = {{out, 1}, {out, 7}};

	(void)state;
	assert_true(leak >= 0);
	assert_int_equal(child_wait(shell("ls /proc/$$/fd; readlink /proc/$$/fd/0 /proc/$$/fd/2", fds, 2)), 0);
	testing_assert_file("out", "0\n1\n2\n7\n/dev/null\n/dev/null\n");
	close(leak);
	close(out);
}

static void
signals_are_as_new(void **state)
{
	int out = create("out");
	const struct child_fd fds[] = {{out, 1}};
	/* glibc keeps signals 32 and 33 to itself: what they are cannot be set, only inherited. */
	char *const argv[] = {"sed", "-n", "/^SigIgn/s/000000018/000000000/; /^Sig[BI][lg]/p", "/proc/self/status",
			      NULL};
	sigset_t set, before;

	(void)state;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, &before);
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(child_wait(start(argv, fds, 1)), 0);
	testing_assert_file("out", "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
	sigprocmask(SIG_SETMASK, NULL, &set);
	assert_true(sigismember(&set, SIGTERM)); /* ours are as they were */
	sigprocmask(SIG_SETMASK, &before, NULL);
	signal(SIGPIPE, SIG_DFL);
	close(out);
}

/* A process that starts a child of its own and is killed. A pidfd of that child, and its process id. */
static int
orphan(bool outlives, pid_t *pid)
{
	char *const argv[] = {"sleep", "60", NULL};
	int say[2], pidfd;
	pid_t parent;

	assert_int_equal(pipe(say), 0);
	parent = fork();
	assert_true(parent >= 0);
	if (parent == 0) {
		*pid = child_start(&(struct child){.program = "sleep", .argv = argv, .outlives = outlives});
		if (write(say[1], pid, sizeof(*pid)) != (ssize_t)sizeof(*pid))
			_exit(1);
		for (;;)
			pause();
	}
	assert_int_equal(read(say[0], pid, sizeof(*pid)), sizeof(*pid));
	assert_true(*pid > 0);
	pidfd = pidfd_open(*pid, 0);
	assert_true(pidfd >= 0);
	assert_false(ends(pidfd, 0));
	assert_int_equal(kill(parent, SIGKILL), 0);
	assert_int_equal(child_wait(parent), 128 + SIGKILL);
	close(say[0]);
	close(say[1]);
	return pidfd;
}

static void
a_child_dies_with_its_parent(void **state)
{
	pid_t pid;
	int pidfd = orphan(false, &pid);

	(void)state;
	assert_true(ends(pidfd, SOON_MS));
	close(pidfd);
}

static void
a_child_that_outlives_goes_on_in_a_session_of_its_own(void **state)
{
	pid_t pid;
	int pidfd = orphan(true, &pid);

	(void)state;
	assert_false(ends(pidfd, 100));
	assert_int_equal(getsid(pid), pid);
	assert_int_equal(pidfd_send_signal(pidfd, SIGKILL, NULL, 0), 0);
	assert_true(ends(pidfd, SOON_MS));
	close(pidfd);
}

static void
a_group_is_ended_with_what_it_started(void **state)
{
	char *const argv[] = {"sh", "-c", "sleep 60 & echo $!; wait", NULL};
	int p[2], pidfd;
	pid_t pid, other;
	char line[32] = "";

	(void)state;
	assert_int_equal(pipe(p), 0);
	pid = child_start(&(struct child){
		.program = "sh",
		.argv = argv,
		.fds = &(struct child_fd){p[1], STDOUT_FILENO},
		.fd_count = 1,
		.group = true,
	});
	assert_true(pid > 0);
	assert_int_equal(getpgid(pid), pid);
	assert_true(read(p[0], line, sizeof(line) - 1) > 1);
	other = (pid_t)strtol(line, NULL, 10);
	assert_int_equal(getpgid(other), pid);
	pidfd = pidfd_open(other, 0);
	assert_true(pidfd >= 0);
	assert_int_equal(kill(-pid, SIGKILL), 0);
	assert_int_equal(child_wait(pid), 128 + SIGKILL);
	assert_true(ends(pidfd, SOON_MS));
	close(pidfd);
	close(p[0]);
	close(p[1]);
}

static void
ready_comes_or_never_or_late(void **state)
{
	int p[2];
	struct child_fd fd = {.theirs = 3};
	pid_t pid;

	(void)state;
	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	assert_int_equal(child_await_ready(p[0], 10), 2);
	fd.ours = p[1];
	pid = shell("echo >&3; exec sleep 60", &fd, 1);
	assert_int_equal(child_await_ready(p[0], SOON_MS), 0);
	kill(pid, SIGKILL);
	assert_int_equal(child_wait(pid), 128 + SIGKILL);
	pid = shell("exit 3", &fd, 1);
	close(p[1]);
	assert_int_equal(child_await_ready(p[0], SOON_MS), 1);
	assert_int_equal(child_wait(pid), 3);
	close(p[0]);
}

static void
ready_is_told_once(void **state)
{
	int p[2];

	(void)state;
	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	assert_int_equal(child_report_ready(p[1]), 0);
	assert_int_equal(fcntl(p[1], F_GETFD), -1);
	assert_int_equal(child_await_ready(p[0], 0), 0);
	assert_int_equal(child_await_ready(p[0], 0), 1);
	close(p[0]);

	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	close(p[0]);
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(child_report_ready(p[1]), -1);
	assert_int_equal(errno, EPIPE);
	signal(SIGPIPE, SIG_DFL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exit_codes_and_signals),
		cmocka_unit_test_setup_teardown(what_cannot_be_started_is_an_error_and_leaves_nothing, testing_enter,
						testing_leave),
		cmocka_unit_test_setup_teardown(the_map_may_cross, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(nothing_but_the_map_gets_through, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(signals_are_as_new, testing_enter, testing_leave),
		cmocka_unit_test(a_child_dies_with_its_parent),
		cmocka_unit_test(a_child_that_outlives_goes_on_in_a_session_of_its_own),
		cmocka_unit_test(a_group_is_ended_with_what_it_started),
		cmocka_unit_test(ready_comes_or_never_or_late),
		cmocka_unit_test(ready_is_told_once),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("child", tests, NULL, NULL);
}
