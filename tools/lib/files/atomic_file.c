#include "files/atomic_file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/lock.h"
#include "files/file.h"

enum { TRIES = 100, BOOT_ID = 36 };

static const char attribute[] = "user.bi.note";

static void
unique_name(char *name, size_t room)
{
	unsigned char r[8] = {0};

	if (getrandom(r, sizeof(r), 0) < 0)
		memcpy(r, &(pid_t){getpid()}, sizeof(pid_t));
	snprintf(name, room, "part-%02x%02x%02x%02x%02x%02x%02x%02x", r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7]);
}

static int
drop_unopened(struct atomic_file *p)
{
	atomic_file_drop(p);
	return -1;
}

/* Makes a file that has a name from the start. It is locked before others may rely on it, and made again if a cleaner
 * removed it first. */
static int
open_named(struct atomic_file *p)
{
	for (int i = 0; i < TRIES; i++) {
		struct stat st;
		int rc;

		unique_name(p->name, sizeof(p->name));
		p->fd = openat(p->tempfd, p->name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
		if (p->fd < 0 && errno == EEXIST)
			continue;
		if (p->fd < 0)
			return -1;
		rc = lock_try(p->fd, LOCK_ALONE);
		if (rc < 0 || fstat(p->fd, &st) < 0)
			return drop_unopened(p);
		if (rc == 0 && st.st_nlink > 0)
			return 0;
		close(p->fd);
	}
	p->fd = -1;
	return file_fail(EBUSY);
}

int
atomic_file_open(struct atomic_file *p, int tempfd)
{
	*p = (struct atomic_file){.tempfd = tempfd};
	p->fd = openat(tempfd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0666);
	if (p->fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL))
		return open_named(p);
	return p->fd < 0 ? -1 : 0;
}

/* Gives an unnamed file a name, which must be free. */
static int
link_as(const struct atomic_file *p, int dirfd, const char *name)
{
	char self[32];

	snprintf(self, sizeof(self), "/proc/self/fd/%d", p->fd);
	return linkat(AT_FDCWD, self, dirfd, name, AT_SYMLINK_FOLLOW);
}

/* Gives the file a name in temp/, which must be free. It is locked before it can be found there. */
static int
name_as(const struct atomic_file *p, const char *name)
{
	if (!p->name[0])
		return lock_try(p->fd, LOCK_ALONE) == 0 ? link_as(p, p->tempfd, name) : -1;
	if (renameat2(p->tempfd, p->name, p->tempfd, name, RENAME_NOREPLACE) == 0)
		return 0;
	/* For file systems without O_TMPFILE. */
	return errno == EINVAL ? renameat(p->tempfd, p->name, p->tempfd, name) : -1;
}

int
atomic_file_keep(struct atomic_file *p, const char *name)
{
	char note[ATOMIC_FILE_NOTE_MAX + 1];
	struct atomic_file old;

	if (strcmp(p->name, name) == 0)
		return 0;
	if (name_as(p, name) < 0) {
		if (errno != EEXIST || atomic_file_take(&old, p->tempfd, name, note) < 0)
			return -1;
		atomic_file_drop(&old);
		if (name_as(p, name) < 0)
			return -1;
	}
	snprintf(p->name, sizeof(p->name), "%s", name);
	return 0;
}

/* The boot id of the kernel, a UUID: see random(4). */
static int
boot_id(char id[BOOT_ID + 1])
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, id, BOOT_ID);

	file_close(fd, 0);
	id[BOOT_ID] = '\0';
	return n == BOOT_ID ? 0 : -1;
}

int
atomic_file_note(struct atomic_file *p, const char *note)
{
	char text[BOOT_ID + 1 + ATOMIC_FILE_NOTE_MAX + 1];
	size_t n = note ? strlen(note) : 0;

	if (!note) {
		if (p->noted && fremovexattr(p->fd, attribute) < 0 && errno != ENODATA)
			return -1;
		p->noted = false;
		return 0;
	}
	if (n > ATOMIC_FILE_NOTE_MAX)
		return file_fail(ENAMETOOLONG);
	if (boot_id(text) < 0)
		return -1;
	text[BOOT_ID] = ' ';
	memcpy(text + BOOT_ID + 1, note, n + 1);
	if (fsetxattr(p->fd, attribute, text, BOOT_ID + 1 + n, 0) < 0)
		return -1;
	p->noted = true;
	return 0;
}

/* The note of the file, if the machine has not been restarted since; otherwise "". */
static void
read_note(struct atomic_file *p, char note[ATOMIC_FILE_NOTE_MAX + 1])
{
	char text[BOOT_ID + 1 + ATOMIC_FILE_NOTE_MAX + 1], boot[BOOT_ID + 1];
	ssize_t n = fgetxattr(p->fd, attribute, text, sizeof(text) - 1);

	note[0] = '\0';
	p->noted = n >= 0;
	if (n <= BOOT_ID || memchr(text, '\0', (size_t)n) || boot_id(boot) < 0 || memcmp(text, boot, BOOT_ID) != 0)
		return;
	text[n] = '\0';
	snprintf(note, ATOMIC_FILE_NOTE_MAX + 1, "%s", text + BOOT_ID + 1);
}

/* Whether the open file FD is a temporary file that this user made and that still has the name NAME and no other. 1, 0,
 * or -1 with errno. */
static int
is_ours(int fd, int tempfd, const char *name)
{
	struct stat open;

	if (fstat(fd, &open) < 0)
		return -1;
	if (!S_ISREG(open.st_mode) || open.st_nlink != 1 || open.st_uid != geteuid())
		return 0;
	return file_is_named(tempfd, name, fd);
}

int
atomic_file_take(struct atomic_file *p, int tempfd, const char *name, char note[ATOMIC_FILE_NOTE_MAX + 1])
{
	int rc, error;

	*p = (struct atomic_file){.tempfd = tempfd};
	p->fd = openat(tempfd, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (p->fd < 0)
		return -1;
	rc = lock_try(p->fd, LOCK_ALONE);
	error = rc == 1 ? EBUSY : errno;
	if (rc == 0) {
		rc = is_ours(p->fd, tempfd, name);
		error = rc < 0 ? errno : EPERM;
		rc = rc == 1 ? 0 : -1;
	}
	if (rc == 0) {
		snprintf(p->name, sizeof(p->name), "%s", name);
		read_note(p, note);
		return 0;
	}
	close(p->fd);
	p->fd = -1;
	return file_fail(error);
}

int
atomic_file_write(struct atomic_file *p, const void *bytes, size_t n)
{
	return file_write(p->fd, bytes, n);
}

int
part_add(struct atomic_file *p, int in, off_t from, off_t to)
{
	char block[1 << 16];

	while (from < to) {
		ssize_t n = copy_file_range(in, &from, p->fd, NULL, (size_t)(to - from), 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
	}
	while (from < to) {
		size_t n = to - from < (off_t)sizeof(block) ? (size_t)(to - from) : sizeof(block);

		if (file_read_exactly(in, block, n, from) < 0 || atomic_file_write(p, block, n) < 0)
			return -1;
		from += (off_t)n;
	}
	return 0;
}

int
atomic_file_copy(struct atomic_file *p, int in, off_t size)
{
	return ioctl(p->fd, FICLONE, in) == 0 ? 0 : part_add(p, in, 0, size);
}

int
atomic_file_publish(struct atomic_file *p, int dirfd, const char *name)
{
	if (atomic_file_note(p, NULL) < 0)
		return -1;
	if (!p->name[0]) {
		int is;

		if (link_as(p, dirfd, name) == 0)
			goto out;
		if (errno != EEXIST)
			return -1;
		/* If the name already belongs to the same file, rename(2) would do nothing. */
		is = file_is_named(dirfd, name, p->fd);
		if (is < 0)
			return -1;
		if (is)
			goto out;
		/* link(2) does not replace a file, but rename(2) does, so the file first gets a name in temp/. */
		char own[sizeof(p->name)];

		unique_name(own, sizeof(own));
		if (atomic_file_keep(p, own) < 0)
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
atomic_file_drop(struct atomic_file *p)
{
	int error = errno;

	if (p->fd < 0)
		return;
	if (p->name[0])
		unlinkat(p->tempfd, p->name, 0);
	close(p->fd);
	p->fd = -1;
	p->name[0] = '\0';
	errno = error;
}

void
atomic_file_leave(struct atomic_file *p)
{
	file_close(p->fd, 0);
	p->fd = -1;
	p->name[0] = '\0';
}

static int
fill_copy(struct atomic_file *p, int in, const struct stat *st, int how)
{
	const struct timespec times[] = {{.tv_nsec = UTIME_OMIT}, st->st_mtim};

	if ((how & ATOMIC_FILE_CLONED ? ioctl(p->fd, FICLONE, in) : atomic_file_copy(p, in, st->st_size)) < 0)
		return -1;
	if (how & ATOMIC_FILE_DATED && futimens(p->fd, times) < 0)
		return -1;
	return how & ATOMIC_FILE_SYNCED ? fsync(p->fd) : 0;
}

int
atomic_file_put_copy(int tempfd, int dirfd, const char *name, int in, int how)
{
	struct stat st;
	struct atomic_file p;

	if (fstat(in, &st) < 0 || atomic_file_open(&p, tempfd) < 0)
		return -1;
	if (fill_copy(&p, in, &st, how) == 0 && atomic_file_publish(&p, dirfd, name) == 0)
		return 0;
	atomic_file_drop(&p);
	return -1;
}

int
atomic_file_replace(int tempfd, int dirfd, const char *name, const void *bytes, size_t n, bool sync)
{
	struct atomic_file p;

	if (atomic_file_open(&p, tempfd) < 0)
		return -1;
	if (atomic_file_write(&p, bytes, n) == 0 && (!sync || fsync(p.fd) == 0) &&
	    atomic_file_publish(&p, dirfd, name) == 0)
		return sync ? fsync(dirfd) : 0;
	atomic_file_drop(&p);
	return -1;
}
