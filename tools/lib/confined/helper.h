/*
 * helper: runs a confined program of ours (confine.h) that answers packets, such as bi-type --serve.
 *
 * The program is found beside this executable and started by child.h. Its descriptor 0 is one end of a SOCK_SEQPACKET
 * socket pair. It sends "ready" once it is confined, and then answers each packet by one packet, in order. End-of-file
 * ends it. It parses bytes of strangers, so its answers are not trusted, and every wait for one has a deadline.
 *
 * Its standard error is a pipe. What it writes before it is ready is shown if it does not become ready. Later the
 * libraries in it write there, without the name of the file and with text from it: that is dropped, except for the last
 * line before it dies, which may be the reason.
 */
#ifndef BI_HELPER_H
#define BI_HELPER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "confined/confine.h"

struct helper {
	const char *program; /* "bi-type"; kept, not copied */
	const char *mode;    /* an option behind --serve, or NULL; kept, not copied */
	pid_t pid;           /* 0: not running */
	int socket;          /* close-on-exec; -1: not running */
	int noise;           /* while it runs: the end of a pipe with what it writes to standard error */
	unsigned troubles;   /* failures in a row that helper_fail() and helper_start() found */
	int64_t since, cpu;  /* of its last packet: the time, and its processor time until then, in milliseconds */
};

/* How many times a request is sent before it fails as one that this machine cannot answer now. */
enum { HELPER_TRIES = 3, HELPER_SAID = 120 };

/* The exit code of a helper that lacks what this machine has to give, such as memory below its limit. */
enum { HELPER_LACKS = 75 }; /* EX_TEMPFAIL */

/* What became of a helper if this machine is at fault, for messages. */
#define HELPER_TROUBLE "was killed, or got no memory or processor time"

/* Starts the helper and waits until it is ready. After a failure (helper_fail) it pauses first, longer each time. If
 * this machine lacks something, or the helper ended as it started, this is tried HELPER_TRIES times. Returns 0, or -1
 * with errno; then no process is left. ENOPKG: something is not installed, as the helper said on standard error. */
int helper_start(struct helper *h);

/* Kills the helper and waits for its end. Does nothing if it does not run. */
void helper_stop(struct helper *h);

/* How a helper failed to answer. */
enum helper_sign {
	HELPER_GONE,     /* helper_receive() returned 0 */
	HELPER_LATE,     /* its time is over */
	HELPER_NONSENSE, /* its answer breaks the protocol */
};
struct helper_end {
	bool ours; /* this machine is at fault: the helper was killed, ended by HELPER_LACKS, or had less than a quarter
		    * of a processor */
	int code;  /* for HELPER_GONE: its exit code, or 128 plus its signal; else -1 */
	char said[HELPER_SAID]; /* the last line that it wrote to standard error since its last answer; "": none */
};

/*
 * Ends a helper that gave no answer, and returns whose fault that is. Call it only when helper_receive() has no more
 * answers: otherwise a request that was answered is blamed.
 */
struct helper_end helper_fail(struct helper *h, enum helper_sign sign);

/* Returns whether a program that ended with CODE (child_wait) was killed from outside: the signal is not one that a
 * fault in the program raises. */
bool helper_was_killed(int code);

/* Sends a packet of N bytes with COUNT descriptors (at most 2; FDS may be NULL for none), without waiting. Returns 0,
 * or -1 with errno: EAGAIN if there is no room now, EPIPE if the helper has gone. Its earlier answers may still be
 * there, so only helper_receive() tells when there are no more. */
int helper_send(struct helper *h, const void *bytes, size_t n, const int *fds, size_t count);

/* Stores an answer and a NUL in PACKET, without waiting. Returns its length, 0 if the helper has gone, or -1 with
 * EAGAIN if there is none yet. */
ssize_t helper_receive(struct helper *h, char *packet, size_t room);

/* --- in the helper --- */

/* Returns whether descriptor 0 is such a socket. */
bool helper_serves(void);

/* Ends the program, as after an invalid option, if it is not. From now on it ends by HELPER_LACKS if an allocation
 * fails and its own limit is not the reason (memory.h). */
void helper_require_socket(void);

/* Confines this process, and reports that it is ready. Ends it if either is not possible. */
void helper_confine(const struct confine_limits *limits);

/* Waits for a request. Stores its bytes and a NUL in TEXT, of ROOM bytes, and its COUNT descriptors (at most 2) in FDS.
 * Returns its length, 0 at the end, or -1 if it is not such a request. */
ssize_t helper_next_request(char *text, size_t room, int *fds, size_t count);

/* Sends an answer of N bytes HEAD and LEN bytes BYTES. Returns false if the caller has gone. */
bool helper_send_answer(const void *head, size_t n, const void *bytes, size_t len);

/* Returns whether memory is used up, which distinguishes the end of a library that got none from a crash. May be called
 * by the handler of a signal. */
bool helper_lacks_memory(void);

/* Limits the processor time from now on: the process ends by SIGPROF after SECONDS. 0: no limit. */
void helper_limit_seconds(int seconds);

#endif
