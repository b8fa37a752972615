/*
 * transfer: libcurl handles in the run's multi handle: how hosts are reached, and which addresses may be.
 *
 * http.c and robots_gate.c have transfers as the first member of their own structs, and set their own options on EASY.
 * DONE is called once when a transfer has ended.
 */
#ifndef BI_TRANSFER_H
#define BI_TRANSFER_H

#include "hosts/host_rules.h"
#include "job.h"

struct transfers; /* all of a run */

struct transfer {
	struct transfers *all;
	CURL *easy;
	struct multi *multi; /* while it is under way, else NULL */
	struct job *job;     /* for which it is made */
	char why[CURL_ERROR_SIZE];
	void (*done)(struct transfer *t, CURLcode code);
};

/* Ends the program if a file that the settings name cannot be used. RULES are those of hosts.conf. */
struct transfers *transfers_open(struct run *run, const struct host_rules *rules);

/* The caller has freed all transfers. */
void transfers_close(struct transfers *all);

/* Calls DONE of each transfer that has ended. */
void transfers_reap(struct transfers *all);

/* Creates T's handle, with the settings' options. ON_BYTES and ON_HEADER are libcurl's callbacks; their argument is T.
 * transfer_free() frees the handle. */
void transfer_init(struct transfer *t, struct transfers *all, curl_write_callback on_bytes,
		   curl_write_callback on_header);
void transfer_free(struct transfer *t);

/* Prepares T for J: T connects only to addresses that J may have, and uses the cookies of all transfers. If these are
 * not kept, or if the job was submitted over HTTP, it uses only the cookies that redirects to this URL have set. */
void transfer_prepare(struct transfer *t, struct job *j);

void transfer_start(struct transfer *t);

/* Aborts it if it is under way. */
void transfer_stop(struct transfer *t);

/* Whether J may only have public addresses, a proxy resolves names, and the host of URL is itself an address that is
 * not public. J's answer then names the kind of address. */
bool transfer_is_blocked_by_name(const struct transfers *all, struct job *j, const char *url);

/* The same for the URL to which the header LOCATION leads, in a transfer whose redirects libcurl follows. */
bool transfer_redirect_is_blocked(struct transfer *t, const char *location);

/* Whether the host in URL may have any address, by its rule in bi-hosts(5). */
bool transfer_may_be_private(const struct transfers *all, const char *url);

/* Returns a part of URL, for curl_free(), or NULL if there is none or URL is invalid. FLAGS as in curl_url_get(). */
char *transfer_url_part(const char *url, CURLUPart part, unsigned flags);

/* Whether J was handed in over HTTP, by a person who must not use the cookies, headers and passwords of the worker. */
bool transfer_is_of_strangers(const struct job *j);

#endif
