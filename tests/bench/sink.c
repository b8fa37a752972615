/*
 * sink: the least that can be done with a body that lighttpd passes on, for tests/bench/upload to compare with.
 *
 *     sink SOCKET
 *
 * Listens at SOCKET for SCGI requests, one at a time. It writes each body to a file without a name in the current
 * directory, syncs it and answers. No form, no digest, no record.
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { PIECE = 256 << 10, EARLY = 8 << 20 };

static char piece[PIECE + 1];

/* Reads the headers: a netstring that begins with CONTENT_LENGTH. Returns how many bytes of PIECE are behind them, at
 * AT, and the length of the body in LENGTH; -1 if there is no request. */
static ssize_t
read_headers(int fd, size_t *at, unsigned long long *length)
{
	size_t n = 0;

	while (n < PIECE) {
		ssize_t got = read(fd, piece + n, PIECE - n);
		char *colon;

		if (got <= 0)
			return -1;
		n += (size_t)got;
		piece[n] = '\0';
		colon = strchr(piece, ':');
		*at = colon ? (size_t)(colon + 1 - piece) + strtoul(piece, NULL, 10) + 1 : n + 1;
		if (*at <= n) {
			*length = strtoull(colon + 1 + sizeof("CONTENT_LENGTH"), NULL, 10);
			return (ssize_t)(n - *at);
		}
	}
	return -1;
}

static void
store(int fd)
{
	int file = open(".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
	unsigned long long length = 0, done = 0, begun = 0;
	size_t at = 0;
	ssize_t n = read_headers(fd, &at, &length);

	if (file < 0)
		err(1, "cannot make a file");
	for (; n >= 0 && done < length; at = 0) {
		if (n > 0 && write(file, piece + at, (size_t)n) != n)
			err(1, "cannot write");
		done += (unsigned long long)n;
		if (done - begun >= EARLY) {
			sync_file_range(file, (off_t)begun, (off_t)(done - begun), SYNC_FILE_RANGE_WRITE);
			begun = done;
		}
		n = done < length ? read(fd, piece, PIECE) : 0;
		if (n == 0 && done < length)
			break;
	}
	if (done == length && fsync(file) == 0)
		dprintf(fd, "Status: 200 OK\r\nContent-Length: 0\r\n\r\n");
	close(file);
}

int
main(int argc, char **argv)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (argc != 2 || (size_t)snprintf(at.sun_path, sizeof(at.sun_path), "%s", argv[1]) >= sizeof(at.sun_path))
		errx(64, "usage: sink SOCKET");
	if (listener < 0 || bind(listener, (const struct sockaddr *)&at, sizeof(at)) < 0 || listen(listener, 16) < 0)
		err(1, "cannot listen at %s", argv[1]);
	for (;;) {
		int fd = accept(listener, NULL, NULL);

		if (fd < 0)
			err(1, "cannot accept");
		store(fd);
		close(fd);
	}
}
