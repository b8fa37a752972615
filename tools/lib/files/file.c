#include "files/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/trouble.h"

enum { READ_AT_ONCE = 1 << 16, DIGEST_AT_ONCE = 1 << 18 };

int
file_fail(int error)
{
	errno = error;
	return -1;
}

int
file_close(int fd, int rc)
{
	int error = errno;

	if (fd >= 0)
		close(fd);
	errno = error;
	return rc;
}

int
file_each(int dir, file_visit *visit, void *arg)
{
	DIR *d = dir < 0 ? NULL : fdopendir(dir);
	struct dirent *e;
	int rc = 0, error;

	if (!d)
		return file_close(dir, -1);
	while (rc == 0) {
		errno = 0;
		e = readdir(d);
		if (!e) {
			rc = errno ? -1 : 0;
			break;
		}
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			rc = visit(dir, e, arg);
	}
	error = errno;
	closedir(d);
	errno = error;
	return rc;
}

struct listing {
	struct file_names *names;
	bool (*keep)(const struct dirent *entry);
};

static int
take_name(int dir, const struct dirent *e, void *arg)
{
	const struct listing *l = arg;
	struct file_names *names = l->names;

	(void)dir;
	if (l->keep && !l->keep(e))
		return 0;
	names->v = buf_grow(names->v, names->n, sizeof(*names->v));
	names->v[names->n++] = buf_strdup(e->d_name);
	return 0;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int
file_list(int dir, bool (*keep)(const struct dirent *entry), struct file_names *names)
{
	struct listing l = {names, keep};
	int rc;

	*names = (struct file_names){0};
	rc = file_each(dir, take_name, &l);
	if (names->n)
		qsort(names->v, names->n, sizeof(*names->v), by_name);
	return rc;
}

void
file_names_free(struct file_names *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->v[i]);
	free(names->v);
	*names = (struct file_names){0};
}

int
file_stat(int dir, const char *name, struct stat *st)
{
	struct stat own;

	if (fstatat(dir, name, st ? st : &own, AT_SYMLINK_NOFOLLOW) == 0)
		return 1;
	return errno == ENOENT ? 0 : -1;
}

int
file_open(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) < 0)
		return file_close(fd, -1);
	if (S_ISREG(st.st_mode))
		return fd;
	errno = S_ISDIR(st.st_mode) ? EISDIR : ENXIO;
	return file_close(fd, -1);
}

const char *
file_reason(int error)
{
	switch (error) {
	case ELOOP:
		return "it is a symbolic link, which is not followed; put the file itself in its place";
	case EISDIR:
		return "it is a directory, not a file; move it away";
	case ENXIO:
		return "it is a device, a pipe or a socket, not a file; move it away";
	default:
		return trouble_reason(error);
	}
}

int
file_is_named(int dir, const char *name, int fd)
{
	struct stat open, named;
	int rc = fstat(fd, &open) < 0 ? -1 : file_stat(dir, name, &named);

	return rc == 1 ? open.st_dev == named.st_dev && open.st_ino == named.st_ino : rc;
}

ssize_t
file_read_at(int fd, void *bytes, size_t n, off_t at)
{
	size_t got = 0;

	while (got < n) {
		ssize_t r = pread(fd, (char *)bytes + got, n - got, at + (off_t)got);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return -1;
		if (r == 0)
			break;
		got += (size_t)r;
	}
	return (ssize_t)got;
}

int
file_read_exactly(int fd, void *bytes, size_t n, off_t at)
{
	ssize_t got = file_read_at(fd, bytes, n, at);

	if (got >= 0 && (size_t)got < n)
		errno = EIO;
	return got >= 0 && (size_t)got == n ? 0 : -1;
}

/* Writes at the current position if AT is negative. */
static int
write_whole(int fd, const char *bytes, size_t n, off_t at)
{
	while (n > 0) {
		ssize_t w = at < 0 ? write(fd, bytes, n) : pwrite(fd, bytes, n, at);

		if (w < 0 && errno == EINTR)
			continue;
		if (w <= 0) {
			errno = w < 0 ? errno : ENOSPC;
			return -1;
		}
		bytes += w;
		n -= (size_t)w;
		at += at < 0 ? 0 : w;
	}
	return 0;
}

int
file_write(int fd, const void *bytes, size_t n)
{
	return write_whole(fd, bytes, n, -1);
}

int
file_write_at(int fd, const void *bytes, size_t n, off_t at)
{
	return write_whole(fd, bytes, n, at);
}

int
file_read_all(int fd, size_t most, struct buf *out)
{
	size_t begin = out->len;

	for (;;) {
		ssize_t n = read(fd, buf_room(out, READ_AT_ONCE), READ_AT_ONCE);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			out->data[out->len] = '\0';
			return n < 0 ? -1 : 0;
		}
		out->len += (size_t)n;
		if (out->len - begin > most) {
			out->len = begin;
			out->data[begin] = '\0';
			errno = EFBIG;
			return -1;
		}
	}
}

off_t
file_digest(int fd, char hex[HASH_HEX + 1])
{
	struct hash *h = hash_begin();
	char *block = buf_alloc(DIGEST_AT_ONCE);
	off_t at = 0;
	ssize_t n;

	posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	while ((n = file_read_at(fd, block, DIGEST_AT_ONCE, at)) > 0) {
		hash_add(h, block, (size_t)n);
		at += n;
	}
	free(block);
	hash_end(h, hex);
	return n < 0 ? -1 : at;
}

bool
file_has_digest(int dir, const char *name, const char *hex)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	char there[HASH_HEX + 1];
	bool has = fd >= 0 && file_digest(fd, there) >= 0 && strcmp(there, hex) == 0;

	return file_close(fd, has);
}
