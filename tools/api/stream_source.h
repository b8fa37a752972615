/*
 * stream_source: a document that changes, for the clients that follow it. stream.c has the clients.
 */
#ifndef BI_STREAM_SOURCE_H
#define BI_STREAM_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum {
	STREAM_EVERY_MS = 500, /* between two looks at the same document */
	/* The close of a batch's `lock` is told just before the kernel drops that lock, so after each look at what was
	 * touched there is one more; and in case that inotify misses something (it does on network file systems) there
	 * is one now and then. */
	STREAM_AGAIN_MS = 1000,
	STREAM_ALL_MS = 5000,
	STREAM_PART = 1 << 16, /* bytes of changes in one event, and more until a batch ends */
};

struct status_place; /* status_document.h */

struct stream_source {
	struct buf text;  /* the document, one line */
	uint64_t version; /* counts its changes, from 1 */
	bool done;        /* it will not change any more */
	size_t viewers;
	/* NULL: TEXT is sent, whenever it changed. Else a document of what changed after the place AT of a
	 * viewer, which it moves on: it appends the document to OUT, and ID, which names the place. */
	void (*print)(void *arg, struct status_place *at, struct buf *id, struct buf *out);
	void *arg;
};

/* Makes TEXT, which is emptied, the document. */
void stream_source_set(struct stream_source *s, struct buf *text);

#endif
