/*
 * keeper: what the files of a server's keeper share. The keeper (supervisor.c) takes the port and is the parent of
 * lighttpd (lighttpd.c), of the programs of the API, and of a worker (children.c): it starts those again when they end,
 * ends with lighttpd, and all of them die with it.
 */
#ifndef BI_SUPERVISOR_H
#define BI_SUPERVISOR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "base/buf.h"
#include "http/lease.h"
#include "serve.h"

/* What a keeper keeps beside lighttpd: programs of the API, by what they do, each with the socket of its kind; and the
 * worker. */
enum backend_kind { BACKEND_ANSWERS, BACKEND_STREAMS, BACKEND_TAKES, BACKEND_WORKS, BACKEND_KINDS };

enum { BACKENDS = 3 + 1 + 2 + 1 };

struct backend {
	enum backend_kind kind;
	pid_t pid;      /* 0: not running */
	int pidfd;      /* -1: not running */
	int64_t since;  /* when it was started, on clock_ms() */
	int64_t due;    /* when it is to be started again */
	unsigned quick; /* how many times in a row it ended as soon as it was started */
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

	int dir; /* leases/, which lighttpd has too, as descriptor KEEPER_DIR, to reach the sockets in it */
	int sockets[BACKEND_KINDS]; /* that listen: leases/PORT.api and so on; -1: none */
	bool ending;                /* none is to be started again */
	struct buf api, fetch;      /* the programs' paths */
	struct backend backends[BACKENDS];
};

enum { KEEPER_DIR = 3 };

/* What keeper_turn() returns, added up; 0: the time is over. */
enum { TURN_ENDED = 1, TURN_ASKED = 2, TURN_FD = 4 };

/* --- supervisor.c --- */

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

/* Whether the lighttpd that lighttpd_start() starts says that it is older than what its configuration is written for.
 * Fills VERSION of ROOM bytes with what it calls itself ("lighttpd/1.4.53"); "" where it says nothing. */
bool lighttpd_is_old(char *version, size_t room);

/* --- probe.c --- */

/* Asks the server for the batch's page and the API until it answers as it should, which with a password is 401. 0,
 * or the exit code after a message. */
int server_probe(struct keeper *k);

/* --- children.c --- */

/* To be called first. */
void backend_prepare(struct keeper *k);

/* Makes the sockets and starts the programs: 0, or the exit code after a message. */
int backend_start(struct keeper *k);

/* Reaps the one whose PIDFD this is. */
void backend_ended(struct keeper *k, int pidfd);

/* Starts those again that are due; milliseconds until the next one is, -1: none. */
int64_t backend_tend(struct keeper *k);

/* Ends what would go on for ever, the one that streams, and tells the worker to end. */
void backend_wind_up(struct keeper *k);

/* Ends all, the worker in its time, and takes the sockets away. */
void backend_stop(struct keeper *k);

#endif
