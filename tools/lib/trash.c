#include "trash.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lock.h"

/* How deep a tree may be: each level takes a descriptor. Nothing of ours is deeper than a few. */
enum { DEPTH_MOST = 64, TRIES = 100 };

static int
close_with(int fd, int rc)
{
	int error = errno;

	close(fd);
	errno = error;
	return rc;
}

static int empty(int fd, dev_t dev, int depth);

/* Removes the directory NAME of DIR. */
static int
remove_dir(int dir, const char *name, dev_t dev, int depth)
{
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	if (fstat(fd, &st) < 0)
		return close_with(fd, -1);
	if (st.st_dev != dev || depth >= DEPTH_MOST) {
		errno = st.st_dev != dev ? EXDEV : ELOOP;
		return close_with(fd, -1);
	}
	if (empty(fd, dev, depth + 1) < 0)
		return -1;
	return unlinkat(dir, name, AT_REMOVEDIR) < 0 && errno != ENOENT ? -1 : 0;
}

static int
remove_one(int dir, const char *name, dev_t dev, int depth)
{
	if (unlinkat(dir, name, 0) == 0 || errno == ENOENT)
		return 0;
	/* Linux says EISDIR, POSIX EPERM. */
	return errno == EISDIR || errno == EPERM ? remove_dir(dir, name, dev, depth) : -1;
}

/* Removes what is in the directory FD, which is closed here. Goes on behind what cannot be removed. */
static int
empty(int fd, dev_t dev, int depth)
{
	DIR *d = fdopendir(fd);
	int error = 0;

	if (!d)
		return close_with(fd, -1);
	for (struct dirent *e; (e = readdir(d));) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (remove_one(fd, e->d_name, dev, depth) < 0 && !error)
			error = errno;
	}
	closedir(d);
	errno = error;
	return error ? -1 : 0;
}

/* Renames it into trash/ under a name that is free there. */
static int
move_in(int dirfd, const char *name, int trash, char *as, size_t room)
{
	for (int i = 0; i < TRIES; i++) {
		unsigned char r[8] = {0};

		if (getrandom(r, sizeof(r), 0) < 0)
			memcpy(r, &(pid_t){getpid()}, sizeof(pid_t));
		snprintf(as, room, "%.128s-%02x%02x%02x%02x%02x%02x%02x%02x", name, r[0], r[1], r[2], r[3], r[4], r[5],
			 r[6], r[7]);
		/* Over another directory this works only while that is empty, and then it does no harm. */
		if (renameat(dirfd, name, trash, as) == 0)
			return fsync(dirfd);
		if (errno != ENOTEMPTY && errno != EEXIST)
			return -1;
	}
	return -1;
}

int
trash_dir(const struct root *root, int dirfd, const char *name)
{
	int trash = root_dir(root->fd, "trash", true);
	struct stat st;
	char as[160];

	if (trash < 0)
		return -1;
	if (fstat(trash, &st) < 0 || move_in(dirfd, name, trash, as, sizeof(as)) < 0)
		return close_with(trash, -1);
	return close_with(trash, remove_one(trash, as, st.st_dev, 0));
}

/* The batch's lock, held alone; -1 where it has none, -2 with errno. */
static int
hold(int batch)
{
	int fd = openat(batch, "lock", O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK), rc;

	if (fd < 0)
		return errno == ENOENT ? -1 : -2;
	rc = lock_bytes_try(fd, LOCK_ALONE, 0, 1);
	if (rc == 0)
		return fd;
	if (rc > 0)
		errno = EBUSY;
	return close_with(fd, -2);
}

int
trash_batch(const struct root *root, const char *name)
{
	int batches = root_dir(root->fd, "batches", false);
	int batch = batches < 0 ? -1 : root_dir(batches, name, false);
	int lock = batch < 0 ? -2 : hold(batch);
	int rc = lock == -2 ? -1 : trash_dir(root, batches, name);

	if (lock >= 0)
		close_with(lock, 0);
	if (batch >= 0)
		close_with(batch, 0);
	return batches < 0 ? -1 : close_with(batches, rc);
}

int
trash_empty(const struct root *root)
{
	int trash = root_dir(root->fd, "trash", false);
	struct stat st;

	if (trash < 0)
		return errno == ENOENT ? 0 : -1;
	if (fstat(trash, &st) < 0)
		return close_with(trash, -1);
	return empty(trash, st.st_dev, 0);
}
