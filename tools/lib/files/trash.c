#include "files/trash.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/lock.h"
#include "files/file.h"

/* How deep a tree may be, since each level needs a descriptor. The trees of bi have only a few levels. */
enum { DEPTH_MAX = 64, TRIES = 100 };

/* The name of a directory that stays in its place because there is room for it neither in trash/ nor in ROOT_SPARE. No
 * batch has such a name. */
static const char hidden[] = ".trash-";

enum { SPARE_MAX = 1 << 16 }; /* bytes of an empty directory up to which ROOT_SPARE is used again */

static int empty_directory(int fd, dev_t dev, int depth);

/* Removes the directory NAME of DIR. */
static int
remove_dir(int dir, const char *name, dev_t dev, int depth, bool again)
{
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	if (fstat(fd, &st) < 0)
		return file_close(fd, -1);
	if (st.st_dev != dev || depth >= DEPTH_MAX) {
		errno = st.st_dev != dev ? EXDEV : ELOOP;
		return file_close(fd, -1);
	}
	if (empty_directory(fd, dev, depth + 1) < 0)
		return -1;
	if (unlinkat(dir, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	/* A process that had opened it before it was moved here may still make a file in it, once. */
	return again && (errno == ENOTEMPTY || errno == EEXIST) ? remove_dir(dir, name, dev, depth, false) : -1;
}

static int
remove_one(int dir, const char *name, dev_t dev, int depth)
{
	if (unlinkat(dir, name, 0) == 0 || errno == ENOENT)
		return 0;
	/* Linux returns EISDIR, POSIX says EPERM. */
	return errno == EISDIR || errno == EPERM ? remove_dir(dir, name, dev, depth, true) : -1;
}

struct emptying {
	dev_t dev;
	int depth;
	int error; /* of the first entry that cannot be removed */
};

static int
remove_entry(int dir, const struct dirent *e, void *arg)
{
	struct emptying *x = arg;

	if (remove_one(dir, e->d_name, x->dev, x->depth) < 0 && !x->error)
		x->error = errno;
	return 0;
}

/* Calls REMOVE for each entry of the directory FD, which is closed here. Continues after entries that cannot be
 * removed. */
static int
remove_entries(int fd, dev_t dev, int depth, file_visit *remove)
{
	struct emptying x = {.dev = dev, .depth = depth};

	if (file_each(fd, remove, &x) < 0)
		return -1;
	errno = x.error;
	return x.error ? -1 : 0;
}

/* Removes the entries of the directory FD, which is closed here. */
static int
empty_directory(int fd, dev_t dev, int depth)
{
	return remove_entries(fd, dev, depth, remove_entry);
}

/* A unique name that begins with at most 128 bytes of NAME. */
static void
make_name(const char *name, char *as, size_t room)
{
	unsigned char r[8] = {0};

	if (getrandom(r, sizeof(r), 0) < 0)
		memcpy(r, &(pid_t){getpid()}, sizeof(pid_t));
	snprintf(as, room, "%.128s%s%02x%02x%02x%02x%02x%02x%02x%02x", name, strcmp(name, hidden) == 0 ? "" : "-", r[0],
		 r[1], r[2], r[3], r[4], r[5], r[6], r[7]);
}

/* Moves it to trash/, open as TRASH, under a free name, which is stored in AS. The caller syncs DIRFD. */
static int
move_in(int dirfd, const char *name, int trash, char *as, size_t room)
{
	for (int i = 0; i < TRIES; i++) {
		make_name(name, as, room);
		/* Renaming over another directory works only while that is empty, and then it does no harm. */
		if (renameat(dirfd, name, trash, as) == 0)
			return 0;
		if (errno != ENOTEMPTY && errno != EEXIST)
			return -1;
	}
	return -1;
}

static bool
is_full(int error)
{
	return error == ENOSPC || error == EDQUOT || error == EMLINK;
}

/* Empties the spare directory, so that another directory can be renamed over it. 0, or -1 with errno. */
static int
empty_spare(const struct root *root)
{
	int fd = root_open_dir(root->fd, ROOT_SPARE, false), rc;
	struct stat st;

	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	if (fstat(fd, &st) < 0)
		return file_close(fd, -1);
	rc = empty_directory(fd, st.st_dev, 0);
	/* Directories do not shrink, so a large one is not kept. */
	if (rc == 0 && st.st_size > SPARE_MAX && unlinkat(root->fd, ROOT_SPARE, AT_REMOVEDIR) == 0)
		root_make_spare(root);
	return rc;
}

/* If there is no room to move it to trash/: renames it over the spare directory, or to a hidden name in its place. */
static int
trash_on_full(const struct root *root, int dirfd, const char *name)
{
	struct stat st;
	char as[160];

	if (fstat(dirfd, &st) < 0)
		return -1;
	if (renameat(dirfd, name, root->fd, ROOT_SPARE) == 0)
		return fsync(dirfd) < 0 ? -1 : empty_spare(root);
	make_name(hidden, as, sizeof(as));
	if (renameat(dirfd, name, dirfd, as) < 0 || fsync(dirfd) < 0)
		return -1;
	return remove_one(dirfd, as, st.st_dev, 0);
}

int
trash_dir(const struct root *root, int dirfd, const char *name)
{
	int trash = root_open_dir(root->fd, "trash", true), rc;
	struct stat st;
	char as[160];

	if (trash < 0)
		return is_full(errno) ? trash_on_full(root, dirfd, name) : -1;
	if (fstat(trash, &st) < 0)
		return file_close(trash, -1);
	if (move_in(dirfd, name, trash, as, sizeof(as)) < 0) {
		rc = is_full(errno) ? trash_on_full(root, dirfd, name) : -1;
		return file_close(trash, rc);
	}
	/* It already has another name, even if the sync fails. */
	if (fsync(dirfd) < 0)
		return file_close(trash, -1);
	return file_close(trash, remove_one(trash, as, st.st_dev, 0));
}

/* Takes the exclusive lock of the batch NAME, whose directory is open as BATCH. A missing lock file is made, to exclude
 * a process that is making the batch. -1 with errno: ENOENT if the name belongs to another batch by then. */
static int
lock_batch(int batches, const char *name, int batch)
{
	int fd = openat(batch, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0666), rc;

	if (fd < 0)
		return -1;
	rc = lock_bytes_try(fd, LOCK_ALONE, 0, 1);
	if (rc > 0)
		errno = EBUSY;
	if (rc != 0)
		return file_close(fd, -1);
	rc = file_is_named(batches, name, batch);
	if (rc == 0)
		errno = ENOENT;
	return rc == 1 ? fd : file_close(fd, -1);
}

int
trash_batch(const struct root *root, const char *name)
{
	int batches = root_open_dir(root->fd, "batches", false);
	int batch = batches < 0 ? -1 : root_open_dir(batches, name, false);
	int lock = batch < 0 ? -1 : lock_batch(batches, name, batch);
	int rc = lock < 0 ? -1 : trash_dir(root, batches, name);

	return file_close(batches, file_close(batch, file_close(lock, rc)));
}

static int
remove_hidden(int dir, const struct dirent *e, void *arg)
{
	return strncmp(e->d_name, hidden, sizeof(hidden) - 1) == 0 ? remove_entry(dir, e, arg) : 0;
}

/* Calls REMOVE for the entries of the directory NAME of the root. Continues after entries that cannot be removed. 0, or
 * -1 with errno. */
static int
empty_below(const struct root *root, const char *name, file_visit *remove)
{
	int fd = root_open_dir(root->fd, name, false);
	struct stat st;

	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	return fstat(fd, &st) < 0 ? file_close(fd, -1) : remove_entries(fd, st.st_dev, 0, remove);
}

int
trash_empty(const struct root *root)
{
	int error = 0;

	if (empty_below(root, "trash", remove_entry) < 0)
		error = errno;
	if (empty_spare(root) < 0 && !error)
		error = errno;
	if (empty_below(root, "batches", remove_hidden) < 0 && !error)
		error = errno;
	if (empty_below(root, "review", remove_hidden) < 0 && !error)
		error = errno;
	errno = error;
	return error ? -1 : 0;
}
