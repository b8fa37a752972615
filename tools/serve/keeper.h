/*
 * keeper: what the files of a server's keeper share. The keeper (keeper.c) takes the port and is the parent of
 * lighttpd (lighttpd.c) and of the programs of the API (backend.c): it starts those again when they end, ends with
 * lighttpd, and all of them die with it.
 */
#ifndef BI_KEEPER_H
#define BI_KEEPER_H

#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "buf.h"
#include "lease.h"
#include "serve.h"

/* Programs of the API: those that answer at once, and the one that streams, which is the last. */
enum { BACKENDS_ANSWER = 3, BACKENDS = BACKENDS_ANSWER + 1 };

struct backend {
	pid_t pid;     /* 0: not running */
	int pidfd;     /* -1: not running */
	int64_t since; /* when it was started, on clock_ms() */
	int64_t due;   /* when it is to be started again */
};

struct keeper {
	const struct serve *s;
	const char *batch;
	struct lease lease;
	struct sockaddr_storage at; /* where lighttpd listens */
	socklen_t at_len;
	pid_t lighttpd; /* 0: none */
	int pidfd;      /* of lighttpd */
	int signals;    /* a signalfd: who asks us to end */
	int says;       /* what lighttpd and its children say on stderr */
	int voice;      /* the other end of that pipe, for programs that are started again */
	int log;        /* leases/PORT.log */
	off_t logged;
	struct buf said; /* the end of what it said, until it is ready */

	int dir;     /* leases/, which lighttpd has too, as descriptor KEEPER_DIR, to reach the sockets in it */
	int answers; /* listening sockets: leases/PORT.api */
	int streams; /* leases/PORT.stream */
	struct buf program;
	struct backend backends[BACKENDS];
};

enum { KEEPER_DIR = 3 };

/* What keeper_turn() returns, added up; 0: the time is over. */
enum { TURN_ENDED = 1, TURN_ASKED = 2, TURN_FD = 4 };

/* --- keeper.c --- */

/* Waits up to MS (-1: for ever, which is a keeper's life) until something happens: to lighttpd, to us, or on FD
 * (-1: none). Meanwhile keeps the log and the programs of the API. */
int keeper_turn(struct keeper *k, int fd, short events, int64_t ms);

/* Waits for lighttpd, which has ended, and forgets it. Its exit code. */
int keeper_reap(struct keeper *k);

/* --- lighttpd.c --- */

/* Sets the environment of lighttpd and bi-api: 0, or the exit code after a message. */
int lighttpd_prepare(struct keeper *k);

/* Starts lighttpd on the lease's socket: 0, or the exit code after a message. */
int lighttpd_start(struct keeper *k);

/* --- probe.c --- */

/* Asks the server for the batch's page and the API until it answers as it should, which with a password is 401. 0,
 * or the exit code after a message. */
int probe(struct keeper *k);

/* --- backend.c --- */

/* Makes the sockets and starts the programs of the API: 0, or the exit code after a message. */
int backend_start(struct keeper *k);

/* Reaps the one whose PIDFD this is. */
void backend_ended(struct keeper *k, int pidfd);

/* Starts those again that are due; milliseconds until the next one is, -1: none. */
int64_t backend_tend(struct keeper *k);

/* Ends the one that streams, or all; takes the sockets away with the last. */
void backend_stop_stream(struct keeper *k);
void backend_stop(struct keeper *k);

#endif
