/*
 * testing: what the unit tests share: cmocka, a private directory, and children whose end is looked at.
 */
#ifndef TESTING_H
#define TESTING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Ends the test that calls it, and prints REASON. The skip() of cmocka 1.1 prints a failed test in TAP. */
#undef skip
#define skip(reason)                                 \
	do {                                         \
		printf("# skipped: %s\n", (reason)); \
		return;                              \
	} while (0)

/* A setup and teardown: an empty directory, its descriptor in *state. */
static inline int
testing_enter(void **state)
{
	const char *parent = getenv("TMPDIR");
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/unit.XXXXXX", parent ? parent : "/tmp");
	if (!mkdtemp(path) || chdir(path) < 0)
		return -1;
	fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	*state = (void *)(intptr_t)fd;
	return fd < 0 ? -1 : 0;
}

static inline int
testing_leave(void **state)
{
	char path[4096], command[4200];

	if (close((int)(intptr_t)*state) < 0 || !getcwd(path, sizeof(path)) || chdir("/") < 0)
		return -1;
	snprintf(command, sizeof(command), "rm -rf '%s'", path);
	return system(command) == 0 ? 0 : -1;
}

static inline int
testing_dirfd(void **state)
{
	return (int)(intptr_t)*state;
}

/* Writes a file in the working directory. */
static inline void
testing_write(const char *name, const char *bytes, size_t n)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, n), n);
	assert_int_equal(close(fd), 0);
}

/* A file's text. For the caller to free. */
static inline char *
testing_read(const char *name)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	struct stat st;
	char *text;

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	text = calloc(1, (size_t)st.st_size + 1);
	assert_non_null(text);
	assert_int_equal(read(fd, text, (size_t)st.st_size), st.st_size);
	close(fd);
	return text;
}

static inline void
testing_assert_file(const char *name, const char *text)
{
	char *there = testing_read(name);

	assert_string_equal(there, text);
	free(there);
}

/*
 * Runs F in a child with stdout on the path OUT ("out" and so on) and stderr on the file "err", both in the
 * working directory. Returns its exit code, 0 if F returns; 128 plus the signal that ended it.
 */
static inline int
testing_child(void (*f)(void *arg), void *arg, const char *out)
{
	pid_t pid;
	int status;

	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (!freopen(out, "w", stdout) || !freopen("err", "w", stderr))
			_exit(99);
		f(arg);
		_exit(fflush(stdout) == 0 ? 0 : 98);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* --- programs that talk to a helper beside them --- */

static inline int
testing_copy_self(const char *path)
{
	char block[1 << 16];
	ssize_t n = -1;
	int in = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	int out = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700);

	while (in >= 0 && out >= 0 && (n = read(in, block, sizeof(block))) > 0)
		if (write(out, block, (size_t)n) != n)
			return -1;
	if (in >= 0)
		close(in);
	return out < 0 || close(out) < 0 ? -1 : (int)n;
}

/*
 * Runs a copy of this program, with the argument --tests, in a directory of its own, where the program HELPER
 * ("bi-type") beside it is TARGET; NULL: the copy itself, which is then both the tests and what they talk to. The exit
 * code.
 */
static inline int
testing_run_beside(const char *helper, const char *target)
{
	const char *parent = getenv("TMPDIR");
	char dir[4096], path[4200], link[4200];
	int status = -1;
	pid_t pid;

	snprintf(dir, sizeof(dir), "%s/unit.XXXXXX", parent ? parent : "/tmp");
	if (!mkdtemp(dir))
		return 1;
	snprintf(path, sizeof(path), "%s/tests", dir);
	snprintf(link, sizeof(link), "%s/%s", dir, helper);
	if (testing_copy_self(path) == 0 && symlink(target ? target : "tests", link) == 0 && (pid = fork()) >= 0) {
		if (pid == 0) {
			execl(path, "tests", "--tests", (char *)NULL);
			_exit(127);
		}
		waitpid(pid, &status, 0);
	}
	unlink(path);
	unlink(link);
	rmdir(dir);
	return status == 0 ? 0 : 1;
}

#endif
