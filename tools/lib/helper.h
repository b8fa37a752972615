/*
 * helper: a confined program of ours (confine.h) that answers packets: bi-type --serve, bi-thumb --serve.
 *
 * It is found beside this executable and started through child.h. Its descriptor 0 is one end of a
 * SOCK_SEQPACKET socket pair, by which it says "ready" once it is confined, and then answers each packet by one
 * packet, in order; end-of-file ends it. It parses what strangers made: its answers are not to be trusted, and
 * every wait for one has a deadline.
 */
#ifndef BI_HELPER_H
#define BI_HELPER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct helper {
	const char *program; /* "bi-type"; kept, not copied */
	const char *mode;    /* an option behind --serve, or NULL; kept, not copied */
	pid_t pid;           /* 0: not running */
	int socket;          /* close-on-exec; -1: not running */
};

/* Starts it and waits until it is ready. 0, or -1 with errno and nothing left running. */
int helper_start(struct helper *h);

/* Ends it at once and waits for its end. Nothing happens to one that does not run. */
void helper_stop(struct helper *h);

/* Sends a packet of N bytes with COUNT descriptors (at most 2; FDS may be NULL for none), without waiting.
 * 0, or -1 with errno: EAGAIN when there is no room now, EPIPE when it has gone. */
int helper_send(const struct helper *h, const void *bytes, size_t n, const int *fds, size_t count);

/* Takes an answer into PACKET, without waiting, and ends it with a NUL. Its length, 0 when the helper has gone,
 * -1 with EAGAIN when there is none yet. */
ssize_t helper_take(const struct helper *h, char *packet, size_t room);

/* In the helper: whether descriptor 0 is such a socket. */
bool helper_serves(void);

#endif
