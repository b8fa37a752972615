/*
 * client_loop: any number of clients in one loop (base/loop.h), none of which waits for another: what bi-api --stream
 * and bi-api --take have in common. Each client makes one request (scgi.h) and gets one answer, which may be a stream.
 */
#ifndef BI_CLIENT_LOOP_H
#define BI_CLIENT_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/loop.h"
#include "http/scgi.h"
#include "reply.h"

enum { CLIENTS_MAX = 1024, CLIENT_LINGER_MS = 5000, CLIENT_REST_MS = 100 };

struct client {
	struct client_loop *clients;
	size_t at;                   /* its place among them */
	struct loop_watcher watcher; /* of its connection */
	struct loop_timer timer;     /* of its deadline */
	struct scgi scgi;            /* what it sends */
	struct buf out;              /* what is sent to it */
	size_t sent;                 /* of OUT */
	bool paused;                 /* a thread of the caller reads from its connection, and the loop does not */
	bool answered;               /* OUT is the rest of its answer */
	bool lingers;                /* its answer is sent; what it still sends is ignored until it ends */
	void *own;                   /* the caller's */
};

/* What a program does with its clients. Those that return a bool return false for a client that is to be dropped. */
struct client_calls {
	bool (*on_request)(struct client *c);  /* more of its request came; not once it is answered */
	bool (*on_deadline)(struct client *c); /* its deadline is over; not once it is answered */
	void (*on_sent)(struct client *c);     /* OUT is sent, and it is not answered; may be NULL */
	void (*on_drop)(struct client *c);     /* it is about to be dropped */
};

struct client_loop {
	struct loop *loop;
	const struct client_calls *calls;
	struct client *v[CLIENTS_MAX];
	size_t n;
	struct loop_watcher listener;
	struct loop_timer rest; /* no new client before that */
	void *arg;              /* the caller's */
};

/* Begins to take clients from descriptor 0, a socket that listens. Ends the program if it cannot. */
void clients_open(struct client_loop *l, const struct client_calls *calls, void *arg);

/* One turn: waits until something happens, and handles it. */
void clients_run_once(struct client_loop *l);

/* Sets when C is late, on clock_ms(). */
void client_set_deadline(struct client *c, int64_t due);

/* Sends what is in C's OUT as soon as C takes it. Must be called after OUT was changed outside of a call for C. */
void client_send_soon(struct client *c);

/* Leaves C's connection to a thread of the caller, which reads the rest of its request: nothing is called for C until
 * client_resume(), client_answer() or client_drop(). Must be called in the loop, as these. */
void client_pause(struct client *c);

/* Ends the pause. */
void client_resume(struct client *c);

/* Drops C, which is paused, after it has left. */
void client_drop(struct client *c);

/* Answers C: nothing more of its request counts. HEAD: without the body. */
void client_answer(struct client *c, const struct reply *r, bool head);

#endif
