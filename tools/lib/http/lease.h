/*
 * lease: a port of this machine for one server, held as long as the server's keeper lives.
 *
 * leases/PORT is flocked by the keeper (close-on-exec, so that no child of its server keeps
 * the lease) and carries a classic fcntl lock too, by which the kernel names the keeper's process
 * id to whoever asks. The file's text is the server record; it is believed only while the
 * lock is held. Lease files are never unlinked. What else is in leases/ (a symbolic link, a directory,
 * rubbish) is no lease: it is passed over and never touched.
 *
 * A process that holds a lease must not call lease_each() and its like, lease_is_free(), lease_request_stop() or
 * lease_stop(): it would lose its own classic lock by closing that file (fcntl(2)).
 */
#ifndef BI_LEASE_H
#define BI_LEASE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/buf.h"
#include "files/root.h"

struct lease {
	int port;   /* 0: none */
	int fd;     /* leases/PORT, locked; -1: none */
	int socket; /* bound to the port and listening, close-on-exec; -1: none */
};

/*
 * Takes a lease on the first free port from FIRST to LAST and listens on ADDRESS there (numbers of IPv4 or
 * IPv6). A port whose lease is free but that another program listens on is passed over; with 127.0.0.1 or 0.0.0.0 also
 * one that another listens on at ::1, since `localhost` is both. Makes leases/ where it is missing. 0, 1 when none is
 * free, -1 with errno.
 */
int lease_acquire(struct lease *l, const struct root *root, const char *address, int first, int last);

/* Whether lease_acquire() would take PORT for ADDRESS now. Takes nothing. */
bool lease_is_free(const struct root *root, const char *address, int port);

/* Writes the server record (one line of JSON, its newline not counted in N) into the lease. 0 or -1 with errno. */
int lease_write(struct lease *l, const char *record, size_t n);

/* Ends it: socket closed, record emptied, lock dropped. */
void lease_end(struct lease *l);

/* A lease as others see it. */
struct lease_seen {
	int port;
	pid_t keeper;      /* the process that holds it, as the kernel says */
	struct buf record; /* the server record; empty while the server is starting. Any text, if somebody wrote it
			      there */
};

/* Calls SEE for each port whose lease is held, in ascending order, until it returns false.
 * 0 or -1 with errno; a root without leases has none. */
int lease_each(const struct root *root, bool (*see)(struct lease_seen *seen, void *arg), void *arg);

/* The same for each port whose lease is free though a server record, or the empty line of a server that starts, is in
 * it: its keeper was killed (SEEN's keeper is 0). */
int lease_each_dead(const struct root *root, bool (*see)(struct lease_seen *seen, void *arg), void *arg);

/*
 * Asks the server on PORT to end: asks the kernel who holds the lease, opens that process (pidfd), asks
 * again, and only then sends SIGTERM through the pidfd. The pidfd, for lease_await_stop(); or -1 with errno, ESRCH
 * when no server of ours holds PORT.
 */
int lease_request_stop(const struct root *root, int port);

/* Waits up to MS milliseconds for a server that was asked to end, then sends SIGKILL, through the same PIDFD, which is
 * closed here. 0 when it ended, or -1 with errno (ETIMEDOUT when not even SIGKILL ended it in time). */
int lease_await_stop(int pidfd, int ms);

/* Both. 0 when it ended, 1 when no server of ours holds PORT, -1 with errno. */
int lease_stop(const struct root *root, int port, int ms);

#endif
