/*
 * bi-serve: a server of review pages for each batch, on a port of its own.
 *
 * The bi-serve that a person calls starts a keeper for each batch: bi-serve again, by its hidden option
 * --keep. The keeper takes the lease of a port, listens on it, hands the socket to lighttpd as
 * its standard input, asks it for the batch's page until it answers, writes the server record into the lease and to its
 * standard output, says that it is ready (child.h), and stays as lighttpd's parent: who ends with the other.
 * With --foreground the called one is the keeper itself.
 */
#ifndef BI_SERVE_H
#define BI_SERVE_H

#include <stdbool.h>
#include <stddef.h>

#include "root.h"

struct serve {
	struct root root;
	const char *address; /* to listen on, in numbers */
	int first, last;     /* the ports to choose from */
	bool foreground;     /* be the keeper, here */
	bool json;           /* records, not sentences */
	bool another;        /* one more server, also for a batch that has one */
	int held;            /* serve_hold(), for the keeper to let go once it serves; -1: none */
	int ready;           /* --keep: be the keeper, say ready on this descriptor and let go of stdio; -1: not so */
};

/* Checks that the review pages of BATCH are there: 0, or the exit code after a message. */
int serve_check(const struct serve *s, const char *batch);

/* Prints the server that BATCH has already at the address, if there is one: 1. 0 when there is none, or -1 after a
 * message. */
int serve_known(const struct serve *s, const char *batch);

/* Starts a keeper for BATCH and prints the record of its server once it answers: 0, or the exit code after a message,
 * but for EX_TEMPFAIL (no port was free): that is for serve_no_port() to say. */
int serve_start(const struct serve *s, const char *batch);

/* Says that no port is free, who holds them, and what to do. */
void serve_no_port(const struct serve *s, const char *batch);

/* The keeper: serves BATCH until lighttpd ends or a signal asks to end. The exit code; messages as serve_start(). */
int keep(const struct serve *s, const char *batch);

/* Prints a server record, as s->json says. */
void serve_print(const struct serve *s, const char *line, size_t n);

/* --- port.c --- */

/* The lock under which a server of BATCH is looked for and started, one at a time: its descriptor, or -1 after a
 * message. */
int serve_hold(const struct serve *s, const char *batch);

/* The port that BATCH had last, where that is one to choose from; else 0. */
int serve_last_port(const struct serve *s, const char *batch);

/* Notes that BATCH has PORT now. */
void serve_note_port(const struct serve *s, const char *batch, int port);

#endif
