#include "lock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

int
lock_wait(int fd, enum lock_kind kind)
{
	int rc;

	do
		rc = flock(fd, kind == LOCK_ALONE ? LOCK_EX : LOCK_SH);
	while (rc < 0 && errno == EINTR);
	return rc;
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

int
lock_bytes_wait(int fd, enum lock_kind kind, off_t from, off_t len)
{
	struct flock l = range(kind == LOCK_ALONE ? F_WRLCK : F_RDLCK, from, len);
	int rc;

	do
		rc = fcntl(fd, F_OFD_SETLKW, &l);
	while (rc < 0 && errno == EINTR);
	return rc;
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

pid_t
lock_owner(int fd)
{
	struct flock l = range(F_WRLCK, 0, 1);

	if (fcntl(fd, F_GETLK, &l) < 0 || l.l_type == F_UNLCK || l.l_pid <= 0)
		return 0;
	return l.l_pid;
}
