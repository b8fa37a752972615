/*
 * fails: preloaded into a program, it has a call fail, in each process that makes it so often. $FAIL names the call:
 *
 *	malloc    the $FAIL_AT th allocation (ENOMEM), but not of a confined helper, whose memory is a limit on what it
 *	          reads
 *	helper    the $FAIL_AT th allocation of each confined helper
 *	confined  the same, counted from when it says that it is ready: it allocates more before that
 *	asked     a call of a process of bi-api, as the file $FAILED says, which may change at any time: behind its
 *first byte one of the letters below, and in digits at which of these calls, counted in all processes together sync the
 *$FAIL_AT th fsync(2), fdatasync(2) or syncfs(2) (EIO) short     no failure: from the $FAIL_AT th write on, each writes
 *half of what it is given, which is allowed
 *
 * The letters: m an allocation (ENOMEM), s a sync (EIO), w a write (ENOSPC), h a write (half of it and all later ones),
 * o an open (EMFILE), r a rename or link (EIO), n none.
 *
 * $FAILED is a file; its first byte becomes '!' at the first failure. It is mapped at the start, since a confined
 * process opens nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { PAGE = 4096, COUNT_AT = 64 };

void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);

enum kind { NOTHING, ASKED = 'a', MALLOC = 'm', OPEN = 'o', RENAME = 'r', SHORT = 'h', SYNC = 's', WRITE = 'w' };
static enum kind failing;
static long fail_at;
static bool counting;
static atomic_long calls;
static char *page;

__attribute__((constructor)) static void
prepare(int argc, char **argv)
{
	const char *what = getenv("FAIL"), *at = getenv("FAIL_AT"), *path = getenv("FAILED");
	bool helper = argc > 1 && strcmp(argv[1], "--serve") == 0;
	bool other = what && (helper ? strcmp(what, "malloc") == 0
				     : strcmp(what, "helper") == 0 || strcmp(what, "confined") == 0);
	int fd;

	if (!what || !at || !path || other)
		return;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0 || ftruncate(fd, PAGE) < 0)
		return;
	page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (page == MAP_FAILED)
		return;
	fail_at = strtol(at, NULL, 10);
	failing = strcmp(what, "sync") == 0 ? SYNC : strcmp(what, "short") == 0 ? SHORT : MALLOC;
	if (strcmp(what, "asked") == 0)
		failing = strcmp(program_invocation_short_name, "bi-api") == 0 ? ASKED : NOTHING;
	counting = strcmp(what, "confined") != 0;
}

/* Whether this call of that kind is the one, or, of writes, a later one. */
static bool
fails(enum kind kind)
{
	bool asked = failing == ASKED && page[1] == (char)kind;
	long n, at = asked ? strtol(page + 2, NULL, 10) : fail_at;

	if (!asked && (failing != kind || !counting))
		return false;
	n = atomic_fetch_add(asked ? (atomic_long *)(void *)(page + COUNT_AT) : &calls, 1) + 1;
	if (kind == SHORT ? n < at : n != at)
		return false;
	*page = '!';
	return true;
}

static void *
no_memory(void)
{
	errno = ENOMEM;
	return NULL;
}

void *
malloc(size_t n)
{
	return fails(MALLOC) ? no_memory() : __libc_malloc(n);
}

void *
calloc(size_t n, size_t size)
{
	return fails(MALLOC) ? no_memory() : __libc_calloc(n, size);
}

void *
realloc(void *p, size_t n)
{
	return fails(MALLOC) ? no_memory() : __libc_realloc(p, n);
}

static int
fail_with(int error)
{
	errno = error;
	return -1;
}

ssize_t
sendmsg(int fd, const struct msghdr *message, int flags)
{
	ssize_t n = (ssize_t)syscall(SYS_sendmsg, fd, message, flags);

	counting = true;
	return n;
}

int
openat(int dir, const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode = 0;

	va_start(ap, flags);
	if (flags & (O_CREAT | __O_TMPFILE))
		mode = va_arg(ap, mode_t);
	va_end(ap);
	return fails(OPEN) ? fail_with(EMFILE) : (int)syscall(SYS_openat, dir, path, flags, mode);
}

int
renameat(int from, const char *old, int to, const char *new)
{
	return fails(RENAME) ? fail_with(EIO) : (int)syscall(SYS_renameat, from, old, to, new);
}

int
renameat2(int from, const char *old, int to, const char *new, unsigned flags)
{
	return fails(RENAME) ? fail_with(EIO) : (int)syscall(SYS_renameat2, from, old, to, new, flags);
}

int
linkat(int from, const char *old, int to, const char *new, int flags)
{
	return fails(RENAME) ? fail_with(EIO) : (int)syscall(SYS_linkat, from, old, to, new, flags);
}

static int
sync_by(long number, int fd)
{
	return fails(SYNC) ? fail_with(EIO) : (int)syscall(number, fd);
}

int
fsync(int fd)
{
	return sync_by(SYS_fsync, fd);
}

int
fdatasync(int fd)
{
	return sync_by(SYS_fdatasync, fd);
}

int
syncfs(int fd)
{
	return sync_by(SYS_syncfs, fd);
}

static size_t
some_of(size_t n)
{
	return n > 1 && fails(SHORT) ? n / 2 : n;
}

ssize_t
write(int fd, const void *bytes, size_t n)
{
	return fails(WRITE) ? fail_with(ENOSPC) : (ssize_t)syscall(SYS_write, fd, bytes, some_of(n));
}

ssize_t
pwrite(int fd, const void *bytes, size_t n, off_t at)
{
	return fails(WRITE) ? fail_with(ENOSPC) : (ssize_t)syscall(SYS_pwrite64, fd, bytes, some_of(n), at);
}

/* Of several pieces the first one is written, or all but the last byte of the only one. */
ssize_t
writev(int fd, const struct iovec *pieces, int count)
{
	if (fails(WRITE))
		return fail_with(ENOSPC);
	if (count > 0 && some_of(2) == 1)
		return (ssize_t)syscall(SYS_write, fd, pieces->iov_base,
					pieces->iov_len - (count == 1 && pieces->iov_len > 1));
	return (ssize_t)syscall(SYS_writev, fd, pieces, count);
}
