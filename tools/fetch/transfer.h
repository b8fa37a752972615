/*
 * transfer: libcurl handles in the run's multi handle: how hosts are reached, and which addresses may be.
 *
 * Who makes a transfer (http.c, robots_gate.c) has it in a struct of its own, sets what is special to it on EASY, and
 * is called once when it has ended.
 */
#ifndef BI_TRANSFER_H
#define BI_TRANSFER_H

#include "hosts/host_rules.h"
#include "job.h"

struct transfers; /* all of a run */

struct transfer {
	struct transfers *all;
	CURL *easy;
	struct job *job; /* for which it is made */
	char why[CURL_ERROR_SIZE];
	void (*done)(struct transfer *t, CURLcode code);
};

/* Starts libcurl, in the run's loop. Ends the program where that cannot be done, or a file that the settings name
 * cannot be used. RULES are those of hosts.conf. */
struct transfers *transfers_open(struct run *run, const struct host_rules *rules);

/* All transfers were freed before. NULL does nothing. */
void transfers_close(struct transfers *all);

/* Calls the functions of those that have ended. */
void transfers_reap(struct transfers *all);

/* Makes a handle with what the settings say of how to reach hosts, and the functions by which bytes and headers come:
 * they get T. For transfer_free(). */
void transfer_init(struct transfer *t, struct transfers *all, curl_write_callback on_bytes,
		   curl_write_callback on_header);
void transfer_free(struct transfer *t);

/* Makes it J's next one: it connects to no address that J is kept from, and has the cookies of all transfers, or none
 * where J is of strangers. */
void transfer_prepare(struct transfer *t, struct job *j);

void transfer_start(struct transfer *t);

/* Ends it where it is under way. */
void transfer_stop(struct transfer *t);

/* Whether J needs public addresses, a proxy looks names up, and URL has another address than these by itself. J's
 * answer then says which. */
bool transfer_is_blocked_by_name(const struct transfers *all, struct job *j, const char *url);

/* The same of where the Location of the answer under way leads, for a transfer whose redirects libcurl follows. */
bool transfer_redirect_is_blocked(struct transfer *t, const char *location);

/* Whether J was handed in over HTTP: its list is somebody else's, who is not to use what a worker has. */
bool transfer_is_of_strangers(const struct job *j);

#endif
