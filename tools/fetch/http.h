/*
 * http: one attempt at a URL.
 */
#ifndef BI_HTTP_H
#define BI_HTTP_H

#include "transfer.h"

struct http;

/* Jobs whose attempt has ended are added to ANSWERED: their answer says how, and has no verdict yet. For http_end(). */
struct http *http_new(struct run *run, struct transfers *all, struct job_list *answered);

/* Begins an attempt of J, which has a slot of its host. It may end at once. */
void http_begin(struct http *h, struct job *j);

/* Ends the attempts at items of T, which is cancelled. */
void http_cancel(struct http *h, const struct target *t);

/* Frees H and the jobs in it. NULL does nothing. */
void http_end(struct http *h);

#endif
