#include "base/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

/* The first pause between two attempts, and the longest. The pause doubles each time. */
enum { PAUSE_MIN_NS = 100000, PAUSE_MAX_NS = 5000000 };

/* After the last byte of a lock without an end. */
#define LOCK_END INT64_MAX

/* Tells whether to stop waiting; set once, at the start of the program. */
static bool (*stop_asked)(void *arg);
static void *stop_arg;

void
lock_interruptible(bool (*asked)(void *arg), void *arg)
{
	stop_asked = asked;
	stop_arg = arg;
}

/* Takes the lock on FD that WHAT describes. If it is held, waits in the kernel with WAIT, and fails at once without. */
typedef int acquire(int fd, const void *what, bool wait);

static int
acquire_flock(int fd, const void *what, bool wait)
{
	return flock(fd, *(const int *)what | (wait ? 0 : LOCK_NB));
}

static int
acquire_bytes(int fd, const void *what, bool wait)
{
	struct flock l = *(const struct flock *)what;

	return fcntl(fd, wait ? F_OFD_SETLKW : F_OFD_SETLK, &l);
}

/* Whether errno says that another process has the lock. */
static bool
is_held(void)
{
	return errno == EWOULDBLOCK || errno == EAGAIN || errno == EACCES;
}

/* Tries until it has the lock, fails, or must stop. Only a signal could end a wait in the kernel, and a signal can
 * arrive just before that wait begins. */
static int
attempt_until_stopped(acquire *take, int fd, const void *what)
{
	struct timespec pause = {.tv_nsec = PAUSE_MIN_NS};

	while (take(fd, what, false) < 0) {
		if (!is_held() && errno != EINTR)
			return -1;
		if (stop_asked(stop_arg)) {
			errno = EINTR;
			return -1;
		}
		nanosleep(&pause, NULL);
		pause.tv_nsec = pause.tv_nsec * 2 < PAUSE_MAX_NS ? pause.tv_nsec * 2 : PAUSE_MAX_NS;
	}
	return 0;
}

static int
wait_for(acquire *take, int fd, const void *what)
{
	int rc;

	if (stop_asked)
		return attempt_until_stopped(take, fd, what);
	do
		rc = take(fd, what, true);
	while (rc < 0 && errno == EINTR);
	return rc;
}

static int
try_once(acquire *take, int fd, const void *what)
{
	if (take(fd, what, false) == 0)
		return 0;
	return is_held() ? 1 : -1;
}

static int
flock_operation(enum lock_kind kind)
{
	return kind == LOCK_ALONE ? LOCK_EX : LOCK_SH;
}

int
lock_wait(int fd, enum lock_kind kind)
{
	int operation = flock_operation(kind);

	return wait_for(acquire_flock, fd, &operation);
}

int
lock_try(int fd, enum lock_kind kind)
{
	int operation = flock_operation(kind);

	return try_once(acquire_flock, fd, &operation);
}

void
lock_drop(int fd)
{
	int error = errno;

	flock(fd, LOCK_UN);
	errno = error;
}

static struct flock
lock_range(short type, off_t from, off_t len)
{
	return (struct flock){.l_type = type, .l_whence = SEEK_SET, .l_start = from, .l_len = len};
}

int
lock_bytes_wait(int fd, enum lock_kind kind, off_t from, off_t len)
{
	struct flock l = lock_range(kind == LOCK_ALONE ? F_WRLCK : F_RDLCK, from, len);

	return wait_for(acquire_bytes, fd, &l);
}

int
lock_bytes_try(int fd, enum lock_kind kind, off_t from, off_t len)
{
	struct flock l = lock_range(kind == LOCK_ALONE ? F_WRLCK : F_RDLCK, from, len);

	return try_once(acquire_bytes, fd, &l);
}

void
lock_bytes_drop(int fd, off_t from, off_t len)
{
	struct flock l = lock_range(F_UNLCK, from, len);
	int error = errno;

	fcntl(fd, F_OFD_SETLK, &l);
	errno = error;
}

int
lock_bytes_find(int fd, off_t from, off_t len, off_t *begin, off_t *end)
{
	struct flock l = lock_range(F_WRLCK, from, len);

	if (fcntl(fd, F_OFD_GETLK, &l) < 0)
		return -1;
	if (l.l_type == F_UNLCK)
		return 0;
	*begin = l.l_start;
	*end = l.l_len ? l.l_start + l.l_len : LOCK_END;
	return 1;
}

int
lock_bytes_held(int fd, off_t from, off_t len, off_t *held)
{
	off_t begin, end;
	int is = lock_bytes_find(fd, from, len, &begin, &end);

	if (is > 0 && held)
		*held = begin > from ? begin : from;
	return is;
}

int
lock_mark_owner(int fd)
{
	struct flock l = lock_range(F_WRLCK, 0, 1);

	if (fcntl(fd, F_SETLK, &l) == 0)
		return 0;
	return is_held() ? 1 : -1;
}

void
lock_unmark_owner(int fd)
{
	struct flock l = lock_range(F_UNLCK, 0, 1);

	(void)fcntl(fd, F_SETLK, &l);
}

pid_t
lock_owner(int fd)
{
	struct flock l = lock_range(F_WRLCK, 0, 1);

	if (fcntl(fd, F_GETLK, &l) < 0)
		return -1;
	return l.l_type == F_UNLCK || l.l_pid <= 0 ? 0 : l.l_pid;
}
