/*
 * multi: libcurl's multi handles in the run's loop.
 *
 * libcurl 7.88 searches all names and all hosts that a multi handle has known at the end of each transfer, and never
 * forgets some of the hosts. So after a number of connections, further transfers get a new handle. The one before is
 * freed after its last transfer.
 */
#ifndef BI_FETCH_MULTI_H
#define BI_FETCH_MULTI_H

#include <curl/curl.h>
#include <stdbool.h>

#include "run_state.h"

struct multis; /* all of a run */
struct multi;

/* Returns those of RUN, none yet. */
struct multis *multis_open(struct run *run);

/* The caller has stopped all transfers. */
void multis_close(struct multis *all);

/* Begins the transfer EASY, and returns its multi handle. Ends the program if memory is short. */
struct multi *multis_start(struct multis *all, CURL *easy);

/* Ends a transfer, before or after it is done. */
void multi_stop(struct multi *m, CURL *easy);

/* Counts a connection that a transfer of M opens. */
void multi_count_connection(struct multi *m);

/* Returns a transfer that is done, with its result in CODE, or NULL. The caller stops it before the next call. */
CURL *multis_next_done(struct multis *all, CURLcode *code);

#endif
