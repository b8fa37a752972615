/*
 * supervisor_state: the state of a server's supervisor.
 *
 * The supervisor (supervisor.c) takes the port and is the parent of lighttpd (lighttpd.c), of the programs of the API,
 * and of a worker (children.c). It starts the last two again when they end, ends when lighttpd ends, and all of them
 * die with it.
 */
#ifndef BI_SUPERVISOR_STATE_H
#define BI_SUPERVISOR_STATE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "base/buf.h"
#include "http/lease.h"
#include "serve.h"

/* The children beside lighttpd: programs of the API, each with the socket of its kind, and the worker. */
enum child_kind { CHILD_ANSWERS, CHILD_STREAMS, CHILD_SUBMITS, CHILD_WORKS, CHILD_KINDS };

enum { CHILDREN = 3 + 1 + 2 + 1 };

struct server_child {
	enum child_kind kind;
	pid_t pid;      /* 0: not running */
	int pidfd;      /* -1: not running */
	int64_t since;  /* when it was started, on clock_ms() */
	int64_t due;    /* when it is to be started again */
	unsigned quick; /* how many times in a row it ended as soon as it was started */
};

struct supervisor {
	const struct serve *s;
	const char *batch;
	struct lease lease;
	struct sockaddr_storage at; /* where lighttpd listens */
	socklen_t at_len;
	pid_t lighttpd; /* 0: none */
	int pidfd;      /* of lighttpd */
	int signals;    /* a signalfd: a signal asks the supervisor to end */
	int says;       /* what lighttpd and its children say on stderr */
	int voice;      /* the other end of that pipe, for programs that are started again */
	int log;        /* leases/PORT.log */
	off_t logged;
	struct buf said; /* the end of what it said, until it is ready */

	int dir; /* leases/, which lighttpd has too, as descriptor SUPERVISOR_DIR, to reach the sockets in it */
	int sockets[CHILD_KINDS]; /* that listen: leases/PORT.api and so on; -1: none */
	bool ending;              /* none is to be started again */
	struct buf api, fetch;    /* the programs' paths */
	struct server_child children[CHILDREN];
};

enum { SUPERVISOR_DIR = 3 };

#endif
