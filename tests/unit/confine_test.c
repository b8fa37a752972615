#include "testing.h"

#include <linux/landlock.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "confined/confine.h"

enum { CANNOT = 99 };

static const struct confine_limits none = {0};

/* Runs TRY in a confined process of its own: its exit code, or 128 plus the signal that ended it. */
static int
confined(const struct confine_limits *limits, int (*try)(int), int fd)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(confine_process(limits, NULL) < 0 ? CANNOT : try(fd));
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* 0 when the call failed with EPERM. */
static int
refused(long rc)
{
	return rc < 0 && errno == EPERM ? 0 : 1;
}

static int
opens(int fd)
{
	(void)fd;
	return refused(open("/etc/passwd", O_RDONLY)) || refused(openat(AT_FDCWD, "/tmp", O_RDONLY | O_DIRECTORY)) ||
	       refused(creat("/tmp/confine-test", 0600));
}

static int
connects(int fd)
{
	int pair[2];

	(void)fd;
	return refused(socket(AF_INET, SOCK_STREAM, 0)) || refused(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
}

static int
executes(int fd)
{
	char *argv[] = {(char[]){"true"}, NULL};

	(void)fd;
	return refused(execv("/bin/true", argv)) || refused(fork());
}

static int
signals(int fd)
{
	(void)fd;
	return refused(kill(getppid(), 0)) || refused(kill(getppid(), SIGCONT));
}

static int
maps_code(int fd)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)fd;
	if (p == MAP_FAILED)
		return 1;
	return refused(mprotect(p, 4096, PROT_READ | PROT_EXEC)) ||
	       mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
}

static int
changes_files(int fd)
{
	return refused(unlink("/tmp/confine-test")) || refused(rename("/tmp/a", "/tmp/b")) ||
	       refused(mkdir("/tmp/confine-test", 0700)) || refused(fchmod(fd, 0777)) || refused(chdir("/"));
}

static int
uses_descriptor(int fd)
{
	char text[8] = "";
	struct stat st;

	return write(fd, "open", 4) != 4 || lseek(fd, 0, SEEK_SET) != 0 || read(fd, text, 4) != 4 ||
	       strcmp(text, "open") != 0 || fstat(fd, &st) < 0 || st.st_size != 4;
}

static void *
thread(void *arg)
{
	*(int *)arg = 7;
	return arg;
}

static int
computes(int fd)
{
	void *p = malloc(1 << 22);
	pthread_t t;
	int seven = 0;

	(void)fd;
	if (!p)
		return 1;
	memset(p, 1, 1 << 22);
	free(p);
	if (pthread_create(&t, NULL, thread, &seven) != 0 || pthread_join(t, NULL) != 0)
		return 2;
	return seven == 7 ? 0 : 3;
}

static int
aborts(int fd)
{
	(void)fd;
	signal(SIGABRT, SIG_DFL);
	abort();
}

static _Noreturn int
spins(int fd)
{
	volatile unsigned long n = 0;

	(void)fd;
	for (;;)
		n++;
}

static int
fills(int fd)
{
	char block[4096] = {0};

	signal(SIGXFSZ, SIG_IGN);
	for (int i = 0; i < 8; i++)
		if (write(fd, block, sizeof(block)) < 0)
			return errno == EFBIG && i == 4 ? 0 : 1;
	return 2;
}

static int
descriptors(int fd)
{
	int n = 0;

	while (n < 100 && dup(fd) >= 0)
		n++;
	return n < 16 && errno == EMFILE ? 0 : 1;
}

static int
scratch(void)
{
	char name[] = "/tmp/bi-confine-XXXXXX";
	int fd = mkostemp(name, O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(unlink(name), 0);
	return fd;
}

static void
calls_that_reach_outside_are_refused(void **state)
{
	int fd = scratch();

	(void)state;
	assert_int_equal(confined(&none, opens, fd), 0);
	assert_int_equal(confined(&none, connects, fd), 0);
	assert_int_equal(confined(&none, executes, fd), 0);
	assert_int_equal(confined(&none, signals, fd), 0);
	assert_int_equal(confined(&none, maps_code, fd), 0);
	assert_int_equal(confined(&none, changes_files, fd), 0);
	close(fd);
}

static void
descriptors_and_computing_are_allowed(void **state)
{
	int fd = scratch();

	(void)state;
	assert_int_equal(confined(&none, uses_descriptor, fd), 0);
	assert_int_equal(confined(&none, computes, fd), 0);
	assert_int_equal(confined(&none, aborts, fd), 128 + SIGABRT);
	close(fd);
}

static void
the_limits_are_in_force(void **state)
{
	int fd = scratch();

	(void)state;
	assert_int_equal(confined(&(struct confine_limits){.seconds = 1}, spins, fd), 128 + SIGKILL);
	assert_int_equal(confined(&(struct confine_limits){.file_size = 4 * 4096}, fills, fd), 0);
	assert_int_equal(confined(&(struct confine_limits){.files = 16}, descriptors, fd), 0);
	close(fd);
}

/* --- fstat, which the handler of SIGSYS does --- */

static volatile sig_atomic_t handled;

static void
handles(int signal)
{
	(void)signal;
	handled = 1;
}

/* A library that wants SIGSYS does not get it; another signal it does. */
static int
keeps_fstat(int fd)
{
	struct stat st;

	if (signal(SIGSYS, handles) != SIG_ERR || signal(SIGSYS, SIG_IGN) != SIG_ERR ||
	    signal(SIGUSR1, handles) == SIG_ERR)
		return 1;
	errno = 7;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || errno != 7 || handled)
		return 2;
	if (fstat(9999, &st) == 0 || errno != EBADF || fstatat(AT_FDCWD, "", &st, AT_EMPTY_PATH) == 0 || errno != EBADF)
		return 3;
	raise(SIGSYS); /* not of the filter: passed over */
	raise(SIGUSR1);
	return handled ? 0 : 4;
}

/* A path in the place of the empty one, also beside a descriptor that could be asked about. */
static int
hides_paths(int fd)
{
	struct stat st;
	struct statx stx;

	return refused(fstatat(AT_FDCWD, "/etc/passwd", &st, AT_EMPTY_PATH)) ||
	       refused(fstatat(AT_FDCWD, "/nowhere", &st, AT_EMPTY_PATH)) ||
	       refused(fstatat(fd, "/etc/passwd", &st, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW)) ||
	       refused(stat("/etc/passwd", &st)) || refused(access("/etc/passwd", F_OK)) ||
	       refused(open("/etc/passwd", O_PATH)) || refused(statx(AT_FDCWD, "/etc/passwd", 0, STATX_SIZE, &stx)) ||
	       refused(statx(fd, "/etc/passwd", AT_EMPTY_PATH, STATX_SIZE, &stx)) ||
	       statx(fd, "", AT_EMPTY_PATH, STATX_SIZE, &stx) < 0;
}

static int
says_yes_to_access(int fd)
{
	(void)fd;
	return access("/etc/passwd", R_OK) == 0 && access("/nowhere", R_OK) == 0 ? 0 : 1;
}

static void
answers_for_descriptors_alone(void **state)
{
	int fd = scratch();

	(void)state;
	assert_int_equal(confined(&none, keeps_fstat, fd), 0);
	assert_int_equal(confined(&none, hides_paths, fd), 0);
	assert_int_equal(confined(&(struct confine_limits){.access = true}, says_yes_to_access, fd), 0);
	close(fd);
}

/* --- the second wall alone --- */

enum { NO_LANDLOCK = 77 };

static int
denied(long rc)
{
	return rc < 0 && errno == EACCES ? 0 : 1;
}

static int
behind_landlock(int fd)
{
	struct stat st;
	int rc = confine_landlock();

	if (rc != 0)
		return rc == 1 ? NO_LANDLOCK : CANNOT;
	if (denied(open("/etc/passwd", O_RDONLY)) || denied(creat("made", 0600)) || denied(unlink("there")) ||
	    denied(rename("there", "elsewhere")) || denied(mkdir("made", 0700)) || denied(symlink("there", "made")) ||
	    denied(execl("/bin/true", "true", (char *)NULL)))
		return 1;
	/* It does not govern these: the filter alone does. */
	return stat("there", &st) < 0 || uses_descriptor(fd) ? 2 : 0;
}

static void
landlock_denies_files(void **state)
{
	int fd = scratch(), status;
	pid_t pid;

	(void)state;
	testing_write("there", "", 0);
	pid = fork();
	if (pid == 0)
		_exit(behind_landlock(fd));
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	close(fd);
	if (WEXITSTATUS(status) == NO_LANDLOCK)
		skip("the kernel has no Landlock");
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* A thread that was there before is confined too. */
static void *
waits_then_opens(void *arg)
{
	char c;

	if (read(*(int *)arg, &c, 1) != 1)
		return arg;
	return refused(open("/etc/passwd", O_RDONLY)) ? arg : NULL;
}

static int
with_thread(void)
{
	int fds[2];
	pthread_t t;
	void *failed;

	if (pipe2(fds, O_CLOEXEC) < 0 || pthread_create(&t, NULL, waits_then_opens, &fds[0]) != 0)
		return 1;
	if (confine_process(&none, NULL) < 0 || write(fds[1], "x", 1) != 1 || pthread_join(t, &failed) != 0)
		return 2;
	return failed ? 3 : 0;
}

static void
threads_are_confined(void **state)
{
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		_exit(with_thread());
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void
it_is_said_what_is_in_force(void **state)
{
	bool has = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) > 0;
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		const char *what = NULL;

		_exit(confine_process(&none, &what) < 0 || !what || !strstr(what, "seccomp") ||
		      (strstr(what, "Landlock") != NULL) != has);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls_that_reach_outside_are_refused),
		cmocka_unit_test(descriptors_and_computing_are_allowed),
		cmocka_unit_test(the_limits_are_in_force),
		cmocka_unit_test(answers_for_descriptors_alone),
		cmocka_unit_test_setup_teardown(landlock_denies_files, testing_enter, testing_leave),
		cmocka_unit_test(threads_are_confined),
		cmocka_unit_test(it_is_said_what_is_in_force),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
