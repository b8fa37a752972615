#include "part.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lock.h"

enum { TRIES = 100 };

static void
unique_name(char *name, size_t room)
{
	unsigned char r[8] = {0};

	if (getrandom(r, sizeof(r), 0) < 0)
		memcpy(r, &(pid_t){getpid()}, sizeof(pid_t));
	snprintf(name, room, "part-%02x%02x%02x%02x%02x%02x%02x%02x", r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7]);
}

/* Named from the start: locked before anyone may trust it, made again if a cleaner was quicker. */
static int
open_named(struct part *p)
{
	for (int i = 0; i < TRIES; i++) {
		struct stat st;

		unique_name(p->name, sizeof(p->name));
		p->fd = openat(p->tempfd, p->name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
		if (p->fd < 0 && errno == EEXIST)
			continue;
		if (p->fd < 0)
			return -1;
		if (lock_try(p->fd, LOCK_ALONE) == 0 && fstat(p->fd, &st) == 0 && st.st_nlink > 0)
			return 0;
		close(p->fd);
	}
	p->fd = -1;
	errno = EBUSY;
	return -1;
}

int
part_open(struct part *p, int tempfd)
{
	*p = (struct part){.tempfd = tempfd};
	p->fd = openat(tempfd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0666);
	if (p->fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL))
		return open_named(p);
	if (p->fd < 0)
		return -1;
	if (lock_try(p->fd, LOCK_ALONE) != 0) {
		part_drop(p);
		return -1;
	}
	return 0;
}

/* Gives a nameless file a name that must be free. */
static int
link_as(const struct part *p, int dirfd, const char *name)
{
	char self[32];

	snprintf(self, sizeof(self), "/proc/self/fd/%d", p->fd);
	return linkat(AT_FDCWD, self, dirfd, name, AT_SYMLINK_FOLLOW);
}

int
part_keep(struct part *p, const char *name)
{
	if (p->name[0]) {
		if (renameat(p->tempfd, p->name, p->tempfd, name) < 0)
			return -1;
	} else if (link_as(p, p->tempfd, name) < 0) {
		if (errno != EEXIST || unlinkat(p->tempfd, name, 0) < 0 || link_as(p, p->tempfd, name) < 0)
			return -1;
	}
	snprintf(p->name, sizeof(p->name), "%s", name);
	return 0;
}

int
part_write(struct part *p, const void *bytes, size_t n)
{
	const char *at = bytes;

	while (n > 0) {
		ssize_t w = write(p->fd, at, n);

		if (w < 0 && errno == EINTR)
			continue;
		if (w <= 0) {
			if (w == 0)
				errno = ENOSPC;
			return -1;
		}
		at += w;
		n -= (size_t)w;
	}
	return 0;
}

int
part_copy(struct part *p, int in, off_t size)
{
	char block[1 << 16];
	off_t at = 0;

	if (ioctl(p->fd, FICLONE, in) == 0)
		return 0;
	while (at < size) {
		ssize_t n = copy_file_range(in, &at, p->fd, NULL, (size_t)(size - at), 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
	}
	while (at < size) {
		ssize_t n = pread(in, block, sizeof(block), at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			errno = n < 0 ? errno : EIO;
			return -1;
		}
		if (part_write(p, block, (size_t)n) < 0)
			return -1;
		at += n;
	}
	return 0;
}

int
part_publish(struct part *p, int dirfd, const char *name)
{
	if (!p->name[0]) {
		if (link_as(p, dirfd, name) == 0)
			goto out;
		if (errno != EEXIST)
			return -1;
		/* link(2) does not replace, rename(2) does: through a name in temp/. */
		char own[sizeof(p->name)];

		unique_name(own, sizeof(own));
		if (part_keep(p, own) < 0)
			return -1;
	}
	if (renameat(p->tempfd, p->name, dirfd, name) < 0)
		return -1;
	p->name[0] = '\0';
out:
	close(p->fd);
	p->fd = -1;
	return 0;
}

void
part_drop(struct part *p)
{
	if (p->fd < 0)
		return;
	if (p->name[0])
		unlinkat(p->tempfd, p->name, 0);
	close(p->fd);
	p->fd = -1;
	p->name[0] = '\0';
}

int
part_replace(int tempfd, int dirfd, const char *name, const void *bytes, size_t n, bool sync)
{
	struct part p;
	int error;

	if (part_open(&p, tempfd) < 0)
		return -1;
	if (part_write(&p, bytes, n) == 0 && (!sync || fsync(p.fd) == 0) && part_publish(&p, dirfd, name) == 0)
		return sync ? fsync(dirfd) : 0;
	error = errno;
	part_drop(&p);
	errno = error;
	return -1;
}
