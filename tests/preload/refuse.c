/*
 * refuse: preloaded into a program, it refuses what $REFUSE names, as some systems do:
 *
 *	flag      to set O_DIRECT on an open file (EINVAL)
 *	write     each write to a file that has O_DIRECT (EINVAL)
 *	full      each write from offset 2 MiB of a file on, but for what is before that (ENOSPC)
 *	threads   all threads but the first (EAGAIN)
 *
 * $REFUSED is a file that gets a line for each refusal.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { FULL_FROM = 2 << 20 };

static bool
is_refused(const char *what)
{
	const char *wanted = getenv("REFUSE");

	return wanted && strcmp(wanted, what) == 0;
}

static int
refuse(const char *what, int error)
{
	const char *path = getenv("REFUSED");
	int fd = path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666) : -1;

	if (fd >= 0) {
		dprintf(fd, "%s\n", what);
		close(fd);
	}
	errno = error;
	return -1;
}

int
fcntl(int fd, int command, ...)
{
	va_list rest;
	long arg;

	va_start(rest, command);
	arg = va_arg(rest, long);
	va_end(rest);
	if (command == F_SETFL && arg & O_DIRECT && is_refused("flag"))
		return refuse("flag", EINVAL);
	return (int)syscall(SYS_fcntl, fd, command, arg);
}

ssize_t
pwrite(int fd, const void *bytes, size_t n, off_t at)
{
	if (is_refused("write") && syscall(SYS_fcntl, fd, F_GETFL) & O_DIRECT)
		return refuse("write", EINVAL);
	if (at >= FULL_FROM && is_refused("full"))
		return refuse("full", ENOSPC);
	if (at + (off_t)n > FULL_FROM && is_refused("full"))
		n = (size_t)(FULL_FROM - at);
	return (ssize_t)syscall(SYS_pwrite64, fd, bytes, n, at);
}

int
pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *arg)
{
	static atomic_int count;
	int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

	if (is_refused("threads") && atomic_fetch_add(&count, 1) > 0) {
		refuse("threads", EAGAIN);
		return EAGAIN;
	}
	*(void **)&real = dlsym(RTLD_NEXT, "pthread_create");
	return real(thread, attributes, run, arg);
}
