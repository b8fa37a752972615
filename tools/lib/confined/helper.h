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
#include <stdint.h>
#include <sys/types.h>

struct helper {
	const char *program; /* "bi-type"; kept, not copied */
	const char *mode;    /* an option behind --serve, or NULL; kept, not copied */
	pid_t pid;           /* 0: not running */
	int socket;          /* close-on-exec; -1: not running */
	unsigned troubles;   /* in a row, as helper_fail() and helper_start() found them */
	int64_t since, cpu;  /* its last packet: the moment, and its processor time until then, in milliseconds */
};

/* How many times a request is given to a helper before it fails as one that this machine cannot answer now. */
enum { HELPER_TRIES = 3 };

/* Starts it and waits until it is ready; after a trouble (helper_fail) it pauses first, longer each time. Where the
 * machine lacks what is needed, or it was killed as it started, it is tried HELPER_TRIES times. 0, or -1 with errno and
 * nothing left running. */
int helper_start(struct helper *h);

/* Ends it at once and waits for its end. Nothing happens to one that does not run. */
void helper_stop(struct helper *h);

/* What was seen of a helper that gave no answer, and whose fault that is. */
enum helper_sign {
	HELPER_GONE,     /* helper_receive() returned 0 */
	HELPER_LATE,     /* its time was over */
	HELPER_NONSENSE, /* its answer is not one of its protocol */
};
struct helper_end {
	bool ours; /* this machine's trouble: somebody killed it, or it had less than a quarter of a processor */
	int code;  /* of one that has gone: its exit code, or 128 and its signal; else -1 */
};

/*
 * Ends a helper that gave no answer and says whose fault that is. Only after helper_receive() has no more of its
 * answers: else a request that it answered is blamed.
 */
struct helper_end helper_fail(struct helper *h, enum helper_sign sign);

/* Whether a program that ended with CODE (child_wait) was killed by somebody: the signal is not one that a fault in the
 * program raises. */
bool helper_was_killed(int code);

/* Sends a packet of N bytes with COUNT descriptors (at most 2; FDS may be NULL for none), without waiting.
 * 0, or -1 with errno: EAGAIN when there is no room now, EPIPE when it has gone; its answers to what was sent before
 * may still be there, so helper_receive() says when it is over. */
int helper_send(struct helper *h, const void *bytes, size_t n, const int *fds, size_t count);

/* Takes an answer into PACKET, without waiting, and ends it with a NUL. Its length, 0 when the helper has gone,
 * -1 with EAGAIN when there is none yet. */
ssize_t helper_receive(struct helper *h, char *packet, size_t room);

/* --- in the helper --- */

/* Whether descriptor 0 is such a socket. */
bool helper_serves(void);

/* Waits for a request: its bytes go into TEXT, with a NUL behind them (ROOM bytes with it), and its COUNT descriptors
 * (at most 2) into FDS. Its length; 0 at the end; -1 for what is not such a request. */
ssize_t helper_next_request(char *text, size_t room, int *fds, size_t count);

/* Sends an answer of N bytes HEAD and LEN bytes BYTES. False if nobody listens any more. */
bool helper_send_answer(const void *head, size_t n, const void *bytes, size_t len);

/* Limits the processor time from now on: the process ends by SIGPROF after SECONDS. 0: no limit. */
void helper_limit_seconds(int seconds);

#endif
