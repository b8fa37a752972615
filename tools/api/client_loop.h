/*
 * client_loop: any number of clients in one poll loop, none of whom waits for another: what bi-api --stream and bi-api
 * --take have in common. Each client makes one request (scgi.h) and gets one answer, which may be a stream.
 */
#ifndef BI_CLIENT_LOOP_H
#define BI_CLIENT_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "http/scgi.h"

enum { LOOP_CLIENTS_MAX = 1024, LOOP_FDS = 2, LOOP_LINGER_MS = 5000, LOOP_REST_MS = 100 };

/* A moment of clock_ms() that never comes. */
#define LOOP_NEVER INT64_MAX

struct loop;
struct reply;

struct client {
	int fd;
	struct scgi scgi; /* what it says */
	struct buf out;   /* what it is told */
	size_t sent;      /* of OUT */
	int64_t deadline; /* when it is late, on clock_ms() */
	bool answered;    /* OUT is the rest of its answer */
	bool lingers;     /* it has its answer; what it still says is passed over until it ends */
	void *own;        /* the caller's */
};

/* What a program does with its clients. Those that return a bool return false for a client that is to be dropped. */
struct loop_calls {
	bool (*said)(struct loop *l, struct client *c); /* more of its request came; not once it is answered */
	bool (*late)(struct loop *l, struct client *c); /* its deadline is over; not once it is answered */
	bool (*told)(struct loop *l, struct client *c); /* OUT is sent, and it is not answered: NULL: never mind */
	void (*left)(struct loop *l, struct client *c); /* it is about to be dropped; NULL: never mind */
};

struct loop {
	const struct loop_calls *calls;
	struct client *clients[LOOP_CLIENTS_MAX];
	size_t n;
	int64_t rests_until; /* no new client before that, on clock_ms() */
	struct {
		int fd; /* -1: none */
		void (*heed)(struct loop *l);
	} fds[LOOP_FDS]; /* what else there is to be read */
	void *arg;       /* the caller's */
};

/* Begins to take clients from descriptor 0, a socket that listens. Ends the program where it cannot. */
void loop_open(struct loop *l, const struct loop_calls *calls, void *arg);

/* One turn: waits until something happens, or the moment UNTIL of clock_ms(), and attends to it. */
void loop_turn(struct loop *l, int64_t until);

/* Answers C: nothing more of its request counts. HEAD: without the body. */
void loop_answer(struct client *c, const struct reply *r, bool head);

#endif
