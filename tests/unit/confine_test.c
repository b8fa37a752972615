#include "testing.h"

#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "confine.h"

enum { CANNOT = 99 };

static const struct confine_limits none = {0};

/* Runs TRY in a confined process of its own: its exit code, or 128 plus the signal that ended it. */
static int
confined(const struct confine_limits *limits, int (*try)(int), int fd)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(confine(limits, NULL) < 0 ? CANNOT : try(fd));
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
refuses(void **state)
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
lets(void **state)
{
	int fd = scratch();

	(void)state;
	assert_int_equal(confined(&none, uses_descriptor, fd), 0);
	assert_int_equal(confined(&none, computes, fd), 0);
	assert_int_equal(confined(&none, aborts, fd), 128 + SIGABRT);
	close(fd);
}

static void
limits(void **state)
{
	int fd = scratch();

	(void)state;
	assert_int_equal(confined(&(struct confine_limits){.seconds = 1}, spins, fd), 128 + SIGKILL);
	assert_int_equal(confined(&(struct confine_limits){.file_size = 4 * 4096}, fills, fd), 0);
	assert_int_equal(confined(&(struct confine_limits){.files = 16}, descriptors, fd), 0);
	close(fd);
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
	if (confine(&none, NULL) < 0 || write(fds[1], "x", 1) != 1 || pthread_join(t, &failed) != 0)
		return 2;
	return failed ? 3 : 0;
}

static void
confines_threads(void **state)
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
says_what_is_in_force(void **state)
{
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		const char *what = NULL;

		_exit(confine(&none, &what) < 0 || !what || !strstr(what, "seccomp"));
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses),
		cmocka_unit_test(lets),
		cmocka_unit_test(limits),
		cmocka_unit_test(confines_threads),
		cmocka_unit_test(says_what_is_in_force),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
