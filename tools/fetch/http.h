/*
 * http: one attempt at a URL.
 */
#ifndef BI_HTTP_H
#define BI_HTTP_H

#include "transfer.h"

struct http;

/* Creates the stage, which http_end() frees. RULES are those of hosts.conf. Jobs whose attempt has ended are added to
 * ANSWERED. They have an answer, and no verdict yet. */
struct http *http_new(struct run *run, struct transfers *all, const struct host_rules *rules,
		      struct job_list *answered);

/* Starts an attempt of J, which has a slot of its host. The attempt may end during the call. */
void http_begin(struct http *h, struct job *j);

/* Aborts the attempts at items of T, which is cancelled. */
void http_cancel(struct http *h, const struct target *t);

/* Frees H and its jobs. */
void http_end(struct http *h);

#endif
