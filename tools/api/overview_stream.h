/*
 * overview_stream: the documents of all batches, which follow what happens to them (watch_root.h).
 *
 * inotify tells which batches change. Where it cannot (inotify(7) has the limits of a user), and in case that it misses
 * something, the stamps of all batches are compared in rounds (batch_stamp.h). A batch that changed, or that is worked
 * on, is looked at more often. All looks wait in one queue, and take a short part of each turn of the loop.
 */
#ifndef BI_OVERVIEW_STREAM_H
#define BI_OVERVIEW_STREAM_H

#include "api.h"
#include "base/loop.h"
#include "status_document.h"
#include "stream_source.h"

struct overview_stream;

struct overview_stream *overview_new(struct api *api, struct loop *loop);

/* Begins to follow what happens: the source of the whole document or, with CHANGES, of documents of changes. Each call
 * needs an overview_unfollow() of the source. */
struct stream_source *overview_follow(struct overview_stream *a, bool changes);
void overview_unfollow(struct overview_stream *a, struct stream_source *s);

/* Whether S is a source of overview_follow(). */
bool overview_has(const struct overview_stream *a, const struct stream_source *s);

/* Whether all batches were looked at since the first of them was followed. */
bool overview_is_complete(const struct overview_stream *a);

/* Begins to look at all that may have changed up to now. Returns a number for overview_is_ready(), or 0 with errno if
 * the batches cannot be listed. */
uint64_t overview_ask(struct overview_stream *a);

/* Whether all that was asked for has been looked at. */
bool overview_is_ready(const struct overview_stream *a, uint64_t asked);

/* Why no batch can be looked at now, an errno; 0: they can. */
int overview_trouble(const struct overview_stream *a);

/* Appends the whole document to OUT or, with SINCE, an "id" of before, the document of the changes after it (all
 * batches if that id is not known). */
void overview_print(struct overview_stream *a, const char *since, struct buf *out);

/* The place of that id in the source of changes. */
struct status_place overview_place(const struct overview_stream *a, const char *since);

#endif
