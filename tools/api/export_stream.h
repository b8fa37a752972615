/*
 * export_stream: runs bi-collect for a client, and sends what it exports as it comes.
 *
 * bi-collect runs with --private, so that a request changes nothing. It writes no faster than the client reads, and is
 * killed when the client goes away.
 */
#ifndef BI_EXPORT_STREAM_H
#define BI_EXPORT_STREAM_H

#include "client_loop.h"
#include "route.h"

struct export_stream;

/* Begins what Q asks for, batches/BATCH/export, for the client C, which is answered when bi-collect has said something;
 * with HEAD only the headers. Returns NULL after making R the answer, an error. */
struct export_stream *export_stream_begin(struct api *api, struct client *c, const struct request *q, bool head,
					  struct reply *r);

/* The client has taken all that was sent to it. */
void export_stream_sent(struct export_stream *x);

/* Whether the client is to be kept although its deadline is over, and sets the next one. */
bool export_stream_is_alive(struct export_stream *x);

/* Ends bi-collect, and frees X. */
void export_stream_drop(struct export_stream *x);

#endif
