/*
 * overview_stream: the document of all batches, which follows what happens to them (watch_root.h).
 */
#ifndef BI_OVERVIEW_STREAM_H
#define BI_OVERVIEW_STREAM_H

#include "api.h"
#include "base/loop.h"
#include "reply.h"
#include "stream_source.h"

struct overview_stream;

struct overview_stream *overview_new(struct api *api, struct loop *loop);

/* Begins to follow what happens, and stops. The document then keeps up with it. */
struct stream_source *overview_follow(struct overview_stream *a);
void overview_unfollow(struct overview_stream *a);

/* Makes R the document as of now, for a client that does not follow it. */
void overview_answer(struct overview_stream *a, struct reply *r);

#endif
