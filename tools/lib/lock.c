#include "lock.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

/* Who is asked whether to go on waiting; set once, at the start. */
static bool (*stop_asked)(void *arg);
static void *stop_arg;

static void
tick(int signal)
{
	(void)signal; /* that it came ends the system call */
}

void
lock_interruptible(bool (*asked)(void *arg), void *arg)
{
	struct sigaction as = {.sa_handler = tick};
	sigset_t set;

	stop_asked = asked;
	stop_arg = arg;
	/* Blocked but where a thread waits for a lock: no other one is to get it. */
	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	sigaction(SIGALRM, &as, NULL);
}

/* A timer that ends this thread's system calls, for as long as it waits. */
static void
ticks(timer_t *timer, bool on)
{
	struct sigevent e = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGALRM};
	struct itimerspec every = {.it_interval.tv_nsec = 100000000, .it_value.tv_nsec = 100000000};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	if (!on) {
		timer_delete(*timer);
		pthread_sigmask(SIG_BLOCK, &set, NULL);
		return;
	}
	e._sigev_un._tid = gettid();
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	if (timer_create(CLOCK_MONOTONIC, &e, timer) == 0)
		timer_settime(*timer, 0, &every, NULL);
}

/* Calls WAIT, which waits for a lock, until it has it, fails, or we are asked to stop. */
static int
wait_for(int (*wait)(int fd, const void *what), int fd, const void *what)
{
	timer_t timer;
	int rc, error;

	if (stop_asked)
		ticks(&timer, true);
	do
		rc = wait(fd, what);
	while (rc < 0 && errno == EINTR && !(stop_asked && stop_asked(stop_arg)));
	error = errno;
	if (stop_asked)
		ticks(&timer, false);
	errno = error;
	return rc;
}

static int
wait_flock(int fd, const void *operation)
{
	return flock(fd, *(const int *)operation);
}

int
lock_wait(int fd, enum lock_kind kind)
{
	int operation = kind == LOCK_ALONE ? LOCK_EX : LOCK_SH;

	if (flock(fd, operation | LOCK_NB) == 0)
		return 0;
	return errno == EWOULDBLOCK ? wait_for(wait_flock, fd, &operation) : -1;
}

int
lock_try(int fd, enum lock_kind kind)
{
	if (flock(fd, (kind == LOCK_ALONE ? LOCK_EX : LOCK_SH) | LOCK_NB) == 0)
		return 0;
	return errno == EWOULDBLOCK ? 1 : -1;
}

void
lock_drop(int fd)
{
	flock(fd, LOCK_UN);
}

static struct flock
range(short type, off_t from, off_t len)
{
	return (struct flock){.l_type = type, .l_whence = SEEK_SET, .l_start = from, .l_len = len};
}

static int
wait_bytes(int fd, const void *what)
{
	struct flock l = *(const struct flock *)what;

	return fcntl(fd, F_OFD_SETLKW, &l);
}

int
lock_bytes_wait(int fd, enum lock_kind kind, off_t from, off_t len)
{
	struct flock l = range(kind == LOCK_ALONE ? F_WRLCK : F_RDLCK, from, len);

	if (fcntl(fd, F_OFD_SETLK, &l) == 0)
		return 0;
	return errno == EAGAIN || errno == EACCES ? wait_for(wait_bytes, fd, &l) : -1;
}

int
lock_bytes_try(int fd, enum lock_kind kind, off_t from, off_t len)
{
	struct flock l = range(kind == LOCK_ALONE ? F_WRLCK : F_RDLCK, from, len);

	if (fcntl(fd, F_OFD_SETLK, &l) == 0)
		return 0;
	return errno == EAGAIN || errno == EACCES ? 1 : -1;
}

void
lock_bytes_drop(int fd, off_t from, off_t len)
{
	struct flock l = range(F_UNLCK, from, len);

	fcntl(fd, F_OFD_SETLK, &l);
}

bool
lock_bytes_held(int fd, off_t from, off_t len, off_t *held)
{
	struct flock l = range(F_WRLCK, from, len);

	if (fcntl(fd, F_OFD_GETLK, &l) < 0 || l.l_type == F_UNLCK)
		return false;
	if (held)
		*held = l.l_start > from ? l.l_start : from;
	return true;
}

int
lock_mark_owner(int fd)
{
	struct flock l = range(F_WRLCK, 0, 1);

	if (fcntl(fd, F_SETLK, &l) == 0)
		return 0;
	return errno == EAGAIN || errno == EACCES ? 1 : -1;
}

void
lock_unmark_owner(int fd)
{
	struct flock l = range(F_UNLCK, 0, 1);

	(void)fcntl(fd, F_SETLK, &l);
}

pid_t
lock_owner(int fd)
{
	struct flock l = range(F_WRLCK, 0, 1);

	if (fcntl(fd, F_GETLK, &l) < 0 || l.l_type == F_UNLCK || l.l_pid <= 0)
		return 0;
	return l.l_pid;
}
