#include "files/append.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files/file.h"

enum { CHUNK = 1 << 17, GLANCE = 2048 };

/* Where the last complete line ends in a file of SIZE bytes. */
static off_t
whole_until(int fd, off_t size)
{
	char chunk[4096];

	while (size > 0) {
		size_t want = size < (off_t)sizeof(chunk) ? (size_t)size : sizeof(chunk);
		char *newline;

		if (file_read_exactly(fd, chunk, want, size - (off_t)want) < 0)
			return -1;
		newline = memrchr(chunk, '\n', want);
		if (newline)
			return size - (off_t)want + (newline - chunk) + 1;
		size -= (off_t)want;
	}
	return 0;
}

off_t
append_whole(int fd)
{
	struct stat st;

	return fstat(fd, &st) < 0 ? -1 : whole_until(fd, st.st_size);
}

off_t
append_end(int fd)
{
	struct stat st;
	off_t end;

	if (fstat(fd, &st) < 0)
		return -1;
	end = whole_until(fd, st.st_size);
	if (end >= 0 && end < st.st_size && ftruncate(fd, end) < 0)
		return -1;
	return end;
}

int
append_lines(int fd, off_t end, const char *lines, size_t n)
{
	int error;

	if (file_write_at(fd, lines, n, end) == 0)
		return 0;
	/* If a tail cannot be cut, the next writer cuts it: it has no newline, or it is a shorter list of complete
	 * lines, which the readers check. */
	error = errno;
	if (ftruncate(fd, end) == 0)
		errno = error;
	return -1;
}

off_t
append_each(int fd, off_t from, bool (*see)(off_t at, const char *line, size_t n, void *arg), void *arg)
{
	struct buf in = {0};
	bool more = true;

	while (more) {
		ssize_t n = pread(fd, buf_room(&in, CHUNK), CHUNK, from + (off_t)in.len);
		size_t at = 0;
		char *newline;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			buf_free(&in);
			return -1;
		}
		if (n == 0)
			break;
		/* The bytes before this read have no newline. */
		newline = memchr(in.data + in.len, '\n', (size_t)n);
		in.len += (size_t)n;
		while (more && newline) {
			size_t len = (size_t)(newline - in.data) - at;

			more = see(from + (off_t)at, in.data + at, len, arg);
			at += len + 1;
			newline = memchr(in.data + at, '\n', in.len - at);
		}
		from += (off_t)at;
		memmove(in.data, in.data + at, in.len - at);
		in.len -= at;
	}
	buf_free(&in);
	return from;
}

int
append_line(int fd, off_t at, struct buf *out)
{
	size_t want = GLANCE;

	buf_clear(out);
	for (;;) {
		ssize_t n = pread(fd, buf_room(out, want), want, at + (off_t)out->len);
		char *newline;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			return file_fail(ENOENT);
		newline = memchr(out->data + out->len, '\n', (size_t)n);
		if (newline) {
			out->len = (size_t)(newline - out->data);
			*newline = '\0';
			return 0;
		}
		out->len += (size_t)n;
		want = CHUNK;
	}
}
