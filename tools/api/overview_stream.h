/*
 * overview_stream: the document of all batches, which follows what happens to them (watch_root.h).
 */
#ifndef BI_OVERVIEW_STREAM_H
#define BI_OVERVIEW_STREAM_H

#include <stdint.h>

#include "api.h"
#include "reply.h"
#include "stream_source.h"

struct overview_stream;

struct overview_stream *overview_new(struct api *api);

/* Begins to follow what happens, and stops. The document then keeps up with it. */
struct stream_source *overview_follow(struct overview_stream *a);
void overview_unfollow(struct overview_stream *a);

/* A descriptor that is readable when something happened, for overview_heed(); -1: none. */
int overview_fd(const struct overview_stream *a);
void overview_heed(struct overview_stream *a);

/* When to call overview_look(), on clock_ms(). */
int64_t overview_due(const struct overview_stream *a);
void overview_look(struct overview_stream *a);

/* Makes R the document as of now, for a client that does not follow it. */
void overview_answer(struct overview_stream *a, struct reply *r);

#endif
