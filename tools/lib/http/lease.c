#include "http/lease.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/lock.h"
#include "files/file.h"

enum {
	PORT_MAX = 65535,
	RECORD_MAX = 1 << 16,
	BACKLOG = 1024,
	DYING_MS = 1000, /* how long the server of a killed holder may take to end */
	KILLED_MS = 5000,
};

/* Opens leases/PORT in the directory DIR if it is a regular file: -1 with ELOOP, EISDIR or ENXIO for anything else. */
static int
open_lease(int dir, int port, int flags)
{
	char name[16];
	struct stat st;
	int fd;

	snprintf(name, sizeof(name), "%d", port);
	/* O_NONBLOCK: opening a FIFO of that name does not wait. */
	fd = openat(dir, name, flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0644);
	if (fd >= 0 && fstat(fd, &st) < 0)
		return file_close(fd, -1);
	if (fd >= 0 && !S_ISREG(st.st_mode)) {
		close(fd);
		return file_fail(ENXIO);
	}
	return fd;
}

/* --- taking --- */

/* A socket that listens on ADDRESS and PORT. -1 with errno. */
static int
listen_on(const char *address, int port, bool only_bind)
{
	struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM}, *a;
	char service[16];
	int fd, one = 1;

	snprintf(service, sizeof(service), "%d", port);
	if (getaddrinfo(address, service, &hints, &a) != 0)
		return file_fail(EADDRNOTAVAIL);
	fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0 ||
			bind(fd, a->ai_addr, a->ai_addrlen) < 0 || (!only_bind && listen(fd, BACKLOG) < 0))) {
		file_close(fd, 0);
		fd = -1;
	}
	freeaddrinfo(a);
	return fd;
}

/* Whether another program uses PORT at ::1, which a browser tries first for `localhost`. */
static bool
other_at_ipv6(const char *address, int port)
{
	int fd;

	if (strcmp(address, "127.0.0.1") != 0 && strcmp(address, "0.0.0.0") != 0)
		return false;
	fd = listen_on("::1", port, true);
	file_close(fd, 0);
	return fd < 0 && errno == EADDRINUSE;
}

/* Listens on the port of a lease that was just locked. The server of a holder that was killed (PATIENT) is
 * killed by the kernel a moment after the lock is free. */
static int
listen_for(const char *address, int port, bool patient)
{
	int64_t until = clock_ms() + (patient ? DYING_MS : 0);
	int fd;

	for (;;) {
		fd = listen_on(address, port, false);
		if (fd >= 0 || errno != EADDRINUSE || clock_ms() >= until)
			break;
		nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
	}
	if (fd >= 0 && other_at_ipv6(address, port)) {
		close(fd);
		return file_fail(EADDRINUSE);
	}
	return fd;
}

/* Locks leases/PORT. 0 with its descriptor in FD; 1 if it is held; -1 with errno. STALE: whether it had a record that a
 * killed holder left. The record is removed before the new holder is visible, so that nobody attributes it to this
 * process. */
static int
lock_lease(int dir, int port, int *fd, bool *stale)
{
	struct stat st;
	int rc;

	*fd = open_lease(dir, port, O_RDWR | O_CREAT);
	if (*fd < 0)
		return -1;
	rc = lock_try(*fd, LOCK_ALONE);
	if (rc == 0 && (fstat(*fd, &st) < 0 || ftruncate(*fd, 0) < 0))
		rc = -1;
	if (rc == 0) {
		*stale = st.st_size > 0;
		rc = lock_mark_owner(*fd);
	}
	return rc != 0 ? file_close(*fd, rc) : 0;
}

static int
take_port(struct lease *l, int dir, const char *address, int port)
{
	bool stale = false;
	int rc = lock_lease(dir, port, &l->fd, &stale);

	if (rc == 0) {
		l->socket = listen_for(address, port, stale);
		/* An empty line: from now on a server may be left behind, and STALE tells the next holder. */
		if (l->socket >= 0 && pwrite(l->fd, "\n", 1, 0) == 1) {
			l->port = port;
			return 0;
		}
		file_close(l->socket, 0);
		l->socket = -1;
		rc = errno == EADDRINUSE ? 1 : -1;
		file_close(l->fd, 0);
	} else if (rc < 0 && (errno == ELOOP || errno == EISDIR || errno == ENXIO || errno == EACCES)) {
		rc = 1; /* no lease file, or another user's */
	}
	l->fd = -1;
	return rc;
}

int
lease_acquire(struct lease *l, const struct root *root, const char *address, int first, int last)
{
	int dir = root_open_dir(root->fd, "leases", true), rc = 1;

	*l = (struct lease){.fd = -1, .socket = -1};
	if (dir < 0)
		return -1;
	for (int port = first; port <= last && rc == 1; port++)
		rc = take_port(l, dir, address, port);
	return file_close(dir, rc);
}

int
lease_write(struct lease *l, const char *record, size_t n)
{
	struct buf line = {0};
	int rc;

	buf_add(&line, record, n);
	buf_str(&line, "\n");
	/* One write, so that readers see nothing or a complete line. */
	rc = file_write_at(l->fd, line.data, line.len, 0);
	buf_free(&line);
	return rc;
}

void
lease_end(struct lease *l)
{
	file_close(l->socket, 0);
	if (l->fd >= 0) {
		if (ftruncate(l->fd, 0) < 0)
			l->port = 0; /* the record stays, but without the lock it does not count */
		close(l->fd);
	}
	*l = (struct lease){.fd = -1, .socket = -1};
}

/* --- looking --- */

/* The text of a lease, if it is complete. 0, or -1 with errno. */
static int
read_record(int fd, struct buf *out)
{
	ssize_t n = file_read_at(fd, buf_room(out, RECORD_MAX), RECORD_MAX, 0);

	if (n > 1 && out->data[n - 1] == '\n')
		out->len = (size_t)n - 1;
	out->data[out->len] = '\0';
	return n < 0 ? -1 : 0;
}

/* Opens leases/PORT for reading. 1 with FD; 0 if there is no such lease; -1 with errno. */
static int
open_seen(int dir, int port, int *fd)
{
	*fd = open_lease(dir, port, O_RDONLY);
	if (*fd >= 0)
		return 1;
	return errno == ENOENT || errno == ELOOP || errno == EISDIR || errno == ENXIO ? 0 : -1;
}

/* Fills SEEN from leases/PORT. 1; 0 if no process holds it; -1 with errno. The holder is determined before and after
 * the record is read, so that both belong together. */
static int
look_at(int dir, int port, struct lease_seen *seen)
{
	int fd, rc = open_seen(dir, port, &fd);
	pid_t again = 0;

	if (rc <= 0)
		return rc;
	*seen = (struct lease_seen){.port = port, .holder = lock_owner(fd)};
	if (seen->holder > 0) {
		rc = read_record(fd, &seen->record);
		again = lock_owner(fd);
	}
	if (seen->holder < 0 || again < 0)
		rc = -1;
	if (rc >= 0)
		rc = again && again == seen->holder;
	if (rc <= 0)
		buf_free(&seen->record);
	return file_close(fd, rc);
}

/* The port in the name of a lease file; 0 for another name. */
static int
port_of(const char *name)
{
	char form[16];
	long port = strtol(name, NULL, 10);

	if (port < 1 || port > PORT_MAX)
		return 0;
	snprintf(form, sizeof(form), "%ld", port);
	return strcmp(form, name) == 0 ? (int)port : 0;
}

/* Sets the bit of the port of an entry in ARG; other names count as port 0. */
static int
note_port(int dir, const struct dirent *e, void *arg)
{
	unsigned char *ports = arg;
	int port = port_of(e->d_name);

	(void)dir;
	ports[port / 8] |= (unsigned char)(1 << port % 8);
	return 0;
}

/* Whether no process holds the lease FD, but it has a record. 1, 0, or -1 with errno. */
static int
is_dead(int fd)
{
	pid_t owner = lock_owner(fd);
	struct stat st;

	if (owner != 0)
		return owner < 0 ? -1 : 0;
	return fstat(fd, &st) < 0 ? -1 : st.st_size > 0;
}

/* Fills SEEN from leases/PORT, if no process holds it but it has a record. 1, 0, or -1 with errno. */
static int
look_at_dead(int dir, int port, struct lease_seen *seen)
{
	int fd, rc = open_seen(dir, port, &fd);

	if (rc <= 0)
		return rc;
	*seen = (struct lease_seen){.port = port};
	rc = is_dead(fd);
	if (rc > 0 && read_record(fd, &seen->record) < 0)
		rc = -1;
	/* Checked again: a process that took the lease in the meantime emptied it first. */
	if (rc > 0)
		rc = is_dead(fd);
	if (rc <= 0)
		buf_free(&seen->record);
	return file_close(fd, rc);
}

/* Calls SEE for each port in leases/ for which LOOK returns 1. */
static int
each_port(const struct root *root, int (*look)(int dir, int port, struct lease_seen *seen),
	  bool (*see)(struct lease_seen *seen, void *arg), void *arg)
{
	unsigned char ports[PORT_MAX / 8 + 1] = {0};
	int dir = root_open_dir(root->fd, "leases", false), rc;
	bool more = true;

	if (dir < 0)
		return errno == ENOENT ? 0 : -1;
	rc = file_each(openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), note_port, ports);
	for (int port = 1; rc >= 0 && port <= PORT_MAX && more; port++) {
		struct lease_seen seen;

		rc = ports[port / 8] & 1 << port % 8 ? look(dir, port, &seen) : 0;
		if (rc <= 0)
			continue;
		more = see(&seen, arg);
		buf_free(&seen.record);
	}
	return file_close(dir, rc < 0 ? -1 : 0);
}

int
lease_each(const struct root *root, bool (*see)(struct lease_seen *seen, void *arg), void *arg)
{
	return each_port(root, look_at, see, arg);
}

int
lease_each_dead(const struct root *root, bool (*see)(struct lease_seen *seen, void *arg), void *arg)
{
	return each_port(root, look_at_dead, see, arg);
}

bool
lease_is_free(const struct root *root, const char *address, int port)
{
	int dir = root_open_dir(root->fd, "leases", false), fd;
	struct lease_seen seen;
	int held = dir >= 0 ? look_at(dir, port, &seen) : 0;

	if (held > 0)
		buf_free(&seen.record);
	file_close(dir, 0);
	fd = held ? -1 : listen_on(address, port, true);
	if (fd < 0)
		return false;
	close(fd);
	return !other_at_ipv6(address, port);
}

/* --- stopping --- */

/* Returns a pidfd of the process that holds the lease FD. The holder is determined before and after, so that the
 * process id cannot belong to another process. -1 with ESRCH if no process holds it, or another errno. */
static int
open_holder(int fd)
{
	pid_t holder;
	int pidfd;

	while ((holder = lock_owner(fd)) > 0) {
		pidfd = pidfd_open(holder, 0);
		if (pidfd < 0 && errno == ESRCH)
			continue; /* it ended: its lock went with it */
		if (pidfd < 0 || lock_owner(fd) == holder)
			return pidfd;
		close(pidfd);
	}
	if (holder == 0)
		errno = ESRCH;
	return -1;
}

int
lease_request_stop(const struct root *root, int port)
{
	int dir = root_open_dir(root->fd, "leases", false), fd, pidfd;

	fd = dir < 0 ? -1 : open_lease(dir, port, O_RDONLY);
	file_close(dir, 0);
	if (fd < 0) {
		if (errno == ENOENT || errno == ELOOP || errno == EISDIR || errno == ENXIO)
			errno = ESRCH;
		return -1;
	}
	pidfd = open_holder(fd);
	if (pidfd >= 0 && pidfd_send_signal(pidfd, SIGTERM, NULL, 0) < 0) {
		file_close(pidfd, 0);
		pidfd = -1;
	}
	return file_close(fd, pidfd);
}

/* Waits up to MS for a process to end, which releases its locks. 0, or -1 with ETIMEDOUT. */
static int
await_end(int pidfd, int ms)
{
	int64_t until = clock_ms() + ms;
	struct pollfd p = {.fd = pidfd, .events = POLLIN};
	int rc;

	do
		rc = poll(&p, 1, clock_left(until));
	while (rc < 0 && errno == EINTR);
	if (rc == 0)
		errno = ETIMEDOUT;
	return rc > 0 ? 0 : -1;
}

int
lease_await_stop(int pidfd, int ms)
{
	int rc = await_end(pidfd, ms);

	/* The pidfd refers to that process and to no other, however much time has passed. */
	if (rc < 0 && errno == ETIMEDOUT && (pidfd_send_signal(pidfd, SIGKILL, NULL, 0) == 0 || errno == ESRCH))
		rc = await_end(pidfd, KILLED_MS);
	return file_close(pidfd, rc);
}

int
lease_stop(const struct root *root, int port, int ms)
{
	int pidfd = lease_request_stop(root, port);

	if (pidfd < 0)
		return errno == ESRCH ? 1 : -1;
	return lease_await_stop(pidfd, ms);
}
