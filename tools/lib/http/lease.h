/*
 * lease: reserves a port of this machine for one server as long as its holder, the server's supervisor, lives.
 *
 * The holder has a flock on leases/PORT (close-on-exec, so that no child of its server keeps the lease) and a classic
 * fcntl lock, by which the kernel tells the holder's process id. The file's text is the server record, which counts
 * only while the lock is held. Lease files are never unlinked. Anything else in leases/ (a symbolic link, a directory,
 * other files) is ignored and never changed.
 *
 * A process that holds a lease must not call lease_each(), lease_each_dead(), lease_is_free(), lease_request_stop() or
 * lease_stop(): closing the file would release its own classic lock (fcntl(2)).
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
 * Takes a lease on the first free port from FIRST to LAST and listens on ADDRESS there (a numeric address of IPv4 or
 * IPv6). A port on which another program listens is skipped, even if its lease is free; with 127.0.0.1 or 0.0.0.0 also
 * if it listens at ::1, since `localhost` is both. Makes leases/ if it is missing. Returns 0, 1 if no port is free, or
 * -1 with errno.
 */
int lease_acquire(struct lease *l, const struct root *root, const char *address, int first, int last);

/* Returns whether lease_acquire() would take PORT for ADDRESS now. It takes nothing. */
bool lease_is_free(const struct root *root, const char *address, int port);

/* Writes the server record (one line of JSON, its newline not counted in N) into the lease. Returns 0 or -1 with
 * errno. */
int lease_write(struct lease *l, const char *record, size_t n);

/* Ends the lease: closes the socket, empties the record, and drops the lock. */
void lease_end(struct lease *l);

/* A lease as other processes see it. */
struct lease_seen {
	int port;
	pid_t holder;      /* the process that holds it, from the kernel */
	struct buf record; /* the server record; empty while the server is starting. It may be any text */
};

/* Calls SEE for each port whose lease is held, in ascending order, until SEE returns false. Returns 0, or -1 with
 * errno. A root without leases has none. */
int lease_each(const struct root *root, bool (*see)(struct lease_seen *seen, void *arg), void *arg);

/* The same for each port whose holder was killed: the lease is free, but the file has a server record, or the empty
 * line of a server that was starting. SEEN's holder is 0. */
int lease_each_dead(const struct root *root, bool (*see)(struct lease_seen *seen, void *arg), void *arg);

/* Asks the server on PORT to end: gets the holder of the lease from the kernel, opens that process (pidfd), checks the
 * holder again, and sends SIGTERM through the pidfd. Returns the pidfd, for lease_await_stop(); or -1 with errno, ESRCH
 * if no server of ours holds PORT. */
int lease_request_stop(const struct root *root, int port);

/* Waits up to MS milliseconds for a server that was asked to end, then sends SIGKILL through PIDFD, and closes PIDFD.
 * Returns 0 if it ended, or -1 with errno (ETIMEDOUT: it did not end even after SIGKILL). */
int lease_await_stop(int pidfd, int ms);

/* Calls both. Returns 0 if the server ended, 1 if no server of ours holds PORT, or -1 with errno. */
int lease_stop(const struct root *root, int port, int ms);

#endif
