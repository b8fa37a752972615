#include "batch/queue.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/lock.h"
#include "batch/batch_priority.h"
#include "files/atomic_file.h"
#include "files/file.h"

/* Bytes of queue/.lock. */
enum { LOCK_WORKING = 0, LOCK_STANDING_BY = 1 };

enum { TRIES = 100 };

static const char lock_name[] = ".lock";

static int
open_queue(const struct root *root, bool make)
{
	return root_open_dir(root->fd, "queue", make);
}

/* Opens an entry, without following a symbolic link. */
static int
open_entry(int dir, const char *batch)
{
	return openat(dir, batch, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
}

/* Makes an empty file of the name, locked exclusively before it gets its name. */
static int
make_in(int dir, const char *batch)
{
	struct atomic_file p;
	char self[32];
	int fd, rc;

	if (atomic_file_open(&p, dir) < 0)
		return -1;
	/* The lock belongs to the open file description, so the second descriptor has it, too. */
	fd = lock_try(p.fd, LOCK_ALONE) == 0 ? fcntl(p.fd, F_DUPFD_CLOEXEC, 3) : -1;
	snprintf(self, sizeof(self), "/proc/self/fd/%d", p.fd);
	rc = fd < 0 ? -1 : linkat(AT_FDCWD, self, dir, batch, AT_SYMLINK_FOLLOW);
	if (rc == 0)
		rc = fsync(dir);
	if (rc < 0) {
		atomic_file_drop(&p);
		file_close(fd, 0);
		return -1;
	}
	atomic_file_drop(&p); /* and its temporary name, on some file systems */
	return fd;
}

int
queue_make(const struct root *root, const char *batch)
{
	int dir = open_queue(root, true);

	return dir < 0 ? -1 : file_close(dir, make_in(dir, batch));
}

void
queue_hand_in(int fd)
{
	/* Unlocked before it is closed, so that a process that is notified of the close finds it free. */
	lock_drop(fd);
	close(fd);
}

/* Waits until no process is about to remove the entry. 0 if it is then in the queue, 1 if not, -1. */
static int
add_again(int dir, const char *batch)
{
	int fd = open_entry(dir, batch);
	int rc;

	if (fd < 0)
		return errno == ENOENT ? 1 : -1;
	rc = lock_wait(fd, LOCK_SHARED);
	if (rc == 0) {
		rc = file_is_named(dir, batch, fd); /* it may have been removed during the wait */
		rc = rc < 0 ? -1 : !rc;
	}
	if (rc >= 0)
		lock_drop(fd);
	return file_close(fd, rc); /* the kernel notifies the workers when a file that was open for writing is closed */
}

static int
add_in(int dir, const char *batch)
{
	for (int i = 0; i < TRIES; i++) {
		int fd = make_in(dir, batch), rc;

		if (fd >= 0) {
			queue_hand_in(fd);
			return 0;
		}
		rc = errno == EEXIST ? add_again(dir, batch) : -1;
		if (rc <= 0)
			return rc;
	}
	return file_fail(EBUSY);
}

int
queue_add(const struct root *root, const char *batch)
{
	int dir = open_queue(root, true);

	return dir < 0 ? -1 : file_close(dir, add_in(dir, batch));
}

int
queue_drop(const struct root *root, const char *batch)
{
	int dir = open_queue(root, false);

	return dir < 0 ? -1 : file_close(dir, unlinkat(dir, batch, 0));
}

/* Opens the entry, locked exclusively. -1 with errno, which is 0 if there is no entry or a process holds it; HELD: a
 * process does. */
static int
lock_entry(int dir, const char *batch, bool *held)
{
	int fd = open_entry(dir, batch), rc;

	*held = false;
	if (fd < 0)
		return file_fail(errno == ENOENT ? 0 : errno);
	rc = lock_try(fd, LOCK_ALONE);
	*held = rc > 0;
	if (rc == 0 && (rc = file_is_named(dir, batch, fd)) == 1)
		return fd;
	errno = rc < 0 ? errno : 0;
	return file_close(fd, -1);
}

int
queue_end(const struct root *root, const char *batch, bool (*may)(const char *batch, void *arg), void *arg)
{
	int dir = open_queue(root, false), fd, rc = 1;
	bool held;

	if (dir < 0)
		return errno == ENOENT ? 0 : -1;
	fd = lock_entry(dir, batch, &held);
	if (fd < 0)
		return file_close(dir, errno ? -1 : held);
	if (may(batch, arg))
		rc = unlinkat(dir, batch, 0);
	file_close(fd, 0);
	return file_close(dir, rc);
}

int
queue_is_held(const struct root *root, const char *batch)
{
	int dir = open_queue(root, false);
	int fd = dir < 0 ? -1 : open_entry(dir, batch);
	int held = fd >= 0 ? lock_try(fd, LOCK_SHARED) : errno == ENOENT ? 0 : -1;

	return file_close(dir, file_close(fd, held));
}

struct entry {
	struct timespec at;
	int priority;
	char *name;
};

static int
by_turn(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->priority != y->priority)
		return x->priority > y->priority ? -1 : 1;
	if (x->at.tv_sec != y->at.tv_sec)
		return x->at.tv_sec < y->at.tv_sec ? -1 : 1;
	if (x->at.tv_nsec != y->at.tv_nsec)
		return x->at.tv_nsec < y->at.tv_nsec ? -1 : 1;
	return strcmp(x->name, y->name);
}

struct entries {
	struct entry *v;
	size_t n;
	int batches;
};

/* A priority that cannot be read is reported by the worker that takes the batch. */
static int
priority_of(int batches, const char *name)
{
	int priority = batches < 0 ? -1 : batch_priority_read(batches, name);

	return priority < 0 ? PRIORITY_NORMAL : priority;
}

static int
take_entry(int dir, const struct dirent *e, void *arg)
{
	struct entries *all = arg;
	struct stat st;
	int is = root_name_check(e->d_name) ? 0 : file_stat(dir, e->d_name, &st);

	if (is <= 0 || !S_ISREG(st.st_mode))
		return is < 0 ? -1 : 0;
	all->v = buf_grow(all->v, all->n, sizeof(*all->v));
	all->v[all->n++] = (struct entry){st.st_mtim, priority_of(all->batches, e->d_name), buf_strdup(e->d_name)};
	return 0;
}

int
queue_each(const struct root *root, bool (*see)(const char *batch, void *arg), void *arg)
{
	int fd = open_queue(root, false), rc, error;
	struct entries all = {0};
	bool more;

	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	all.batches = root_open_dir(root->fd, "batches", false);
	rc = file_each(fd, take_entry, &all);
	error = errno;
	file_close(all.batches, 0);
	more = rc == 0;
	if (all.n)
		qsort(all.v, all.n, sizeof(*all.v), by_turn);
	for (size_t i = 0; i < all.n; i++) {
		more = more && see(all.v[i].name, arg);
		free(all.v[i].name);
	}
	free(all.v);
	errno = error;
	return rc;
}

int
queue_watch(const struct root *root)
{
	int dir = open_queue(root, true);
	int fd = dir < 0 ? -1 : inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	char self[32];

	if (dir < 0)
		return -1;
	snprintf(self, sizeof(self), "/proc/self/fd/%d", dir);
	if (fd >= 0 && inotify_add_watch(fd, self, IN_CREATE | IN_MOVED_TO | IN_CLOSE_WRITE) < 0)
		fd = file_close(fd, -1);
	return file_close(dir, fd);
}

static int
open_lock(const struct root *root, bool make)
{
	int dir = open_queue(root, make);

	if (dir < 0)
		return -1;
	return file_close(dir,
			  openat(dir, lock_name, (make ? O_RDWR | O_CREAT : O_RDONLY) | O_CLOEXEC | O_NOFOLLOW, 0666));
}

int
queue_hold_worker(const struct root *root, bool stand_by)
{
	int fd = open_lock(root, true);

	if (fd < 0)
		return -1;
	if ((stand_by && lock_bytes_wait(fd, LOCK_ALONE, LOCK_STANDING_BY, 1) < 0) ||
	    lock_bytes_wait(fd, LOCK_SHARED, LOCK_WORKING, 1) < 0)
		return file_close(fd, -1);
	return fd;
}

int
queue_has_worker(const struct root *root)
{
	int fd = open_lock(root, false);

	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	return file_close(fd, lock_bytes_held(fd, LOCK_WORKING, 1, NULL));
}
