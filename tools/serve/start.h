/*
 * start: starts the servers of batches, and says which there are.
 */
#ifndef BI_START_H
#define BI_START_H

#include "serve.h"

/* Checks that the review pages of BATCH are there: 0, or the exit code after a message. */
int serve_check(const struct serve *s, const char *batch);

/* Prints the server that BATCH has already at the address, if there is one: 1. 0 when there is none, or -1 after a
 * message. */
int serve_known(const struct serve *s, const char *batch);

/* Where a password is asked for: says which other servers of the root ask for none. */
void serve_warn_open(const struct serve *s);

/* Starts a supervisor for BATCH and prints the record of its server once it answers: 0, or the exit code after a
 * message, but for EX_TEMPFAIL (no port was free): that is for serve_no_port() to say. */
int serve_start(const struct serve *s, const char *batch);

/* Says that no port is free, who holds them, and what to do. */
void serve_no_port(const struct serve *s, const char *batch);

#endif
