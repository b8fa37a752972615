/* The file leases/BATCH.port is locked while a server for the batch is searched and started. It contains the last port
 * of the batch, since browsers store the data of a page by port too. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/lock.h"
#include "base/msg.h"
#include "files/file.h"
#include "port.h"

enum { HOLD_MS = 60000, AGAIN_MS = 10 }; /* longer than another bi-serve waits for its server */

/* Opens it if it is a regular file. -1 with errno. */
static int
open_port(const struct serve *s, const char *batch)
{
	int dir = root_open_dir(s->root.fd, "leases", true), fd;
	char name[BATCH_NAME_MAX + 8];
	struct stat st;

	if (dir < 0)
		return -1;
	snprintf(name, sizeof(name), "%s.port", batch);
	fd = openat(dir, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0644);
	file_close(dir, 0);
	if (fd < 0 || (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)))
		return fd;
	close(fd);
	return file_fail(ENXIO);
}

/* Locks the file FD. 0; 1 if another process holds it; 2 if it was removed with its batch, and does not count; -1. */
static int
try_hold(const struct serve *s, const char *batch, int fd)
{
	int rc = lock_try(fd, LOCK_ALONE), dir;
	char name[BATCH_NAME_MAX + 8];

	if (rc != 0)
		return rc;
	snprintf(name, sizeof(name), "%s.port", batch);
	dir = root_open_dir(s->root.fd, "leases", false);
	rc = dir < 0 ? -1 : file_close(dir, file_is_named(dir, name, fd));
	return rc < 0 ? -1 : rc ? 0 : 2;
}

int
port_hold(const struct serve *s, const char *batch)
{
	int64_t until = clock_ms() + HOLD_MS;
	int fd = open_port(s, batch), rc = -1;

	while (fd >= 0 && (rc = try_hold(s, batch, fd)) > 0 && clock_ms() < until) {
		if (rc == 2) {
			close(fd);
			fd = open_port(s, batch);
			rc = -1;
		} else {
			nanosleep(&(struct timespec){.tv_nsec = AGAIN_MS * 1000000L}, NULL);
		}
	}
	if (rc == 0)
		return fd;
	if (rc == 1)
		msg_warn("another bi-serve has been starting the server of batch %s for %d seconds: end it, or try "
			 "again later",
			 batch, HOLD_MS / 1000);
	else
		msg_warn_errno("cannot lock %s/leases/%s.port", s->root.path, batch);
	file_close(fd, 0);
	return -1;
}

int
port_last(const struct serve *s, const char *batch)
{
	int fd = open_port(s, batch);
	char text[16] = "";
	ssize_t n = fd < 0 ? -1 : pread(fd, text, sizeof(text) - 1, 0);
	long port = n > 0 ? strtol(text, NULL, 10) : 0;

	file_close(fd, 0);
	return port >= s->first && port <= s->last ? (int)port : 0;
}

struct others {
	const struct serve *s;
	char own[BATCH_NAME_MAX + 8];
	bool *ports;
};

static int
note_other(int dir, const struct dirent *e, void *arg)
{
	const struct others *o = arg;
	size_t n = strlen(e->d_name);
	char other[BATCH_NAME_MAX + 8];
	int port;

	(void)dir;
	if (n < 6 || n >= sizeof(other) || strcmp(e->d_name + n - 5, ".port") != 0 || strcmp(e->d_name, o->own) == 0)
		return 0;
	snprintf(other, sizeof(other), "%.*s", (int)n - 5, e->d_name);
	port = root_name_check(other) ? 0 : port_last(o->s, other);
	if (port)
		o->ports[port - o->s->first] = true;
	return 0;
}

int
port_mark_others(const struct serve *s, const char *batch, bool *ports)
{
	struct others o = {.s = s, .ports = ports};
	int dir = root_open_dir(s->root.fd, "leases", false);

	if (dir < 0)
		return errno == ENOENT ? 0 : -1;
	snprintf(o.own, sizeof(o.own), "%s.port", batch);
	return file_each(dir, note_other, &o);
}

void
port_note(const struct serve *s, const char *batch, int port)
{
	int fd = open_port(s, batch);
	char text[16];
	int n = snprintf(text, sizeof(text), "%5d\n", port);

	/* All ports have the same length, so the text never has parts of two. */
	if (fd < 0 || file_write_at(fd, text, (size_t)n, 0) < 0)
		msg_warn_errno("cannot record the port of batch %s in %s/leases/%s.port", batch, s->root.path, batch);
	file_close(fd, 0);
}
