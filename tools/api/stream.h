/*
 * stream: documents that change, for those who watch them: of all batches (overview_stream.c), of one job or one file
 * (job_stream.c). The clients are stream.c's.
 */
#ifndef BI_STREAM_H
#define BI_STREAM_H

#include "resolve.h"

enum {
	STREAM_EVERY_MS = 500, /* between two looks at the same */
	/* The close of a batch's `lock` is told just before the kernel drops that lock, so after each look at what was
	 * touched there is one more; and in case that inotify misses something (it does on network file systems) there
	 * is one now and then. */
	STREAM_AGAIN_MS = 1000,
	STREAM_ALL_MS = 5000,
};

struct source {
	struct buf text;  /* the document, one line */
	uint64_t version; /* which one it is, from 1 */
	bool done;        /* it will not change any more */
	size_t viewers;
};

/* Makes TEXT, which is emptied, the document. */
void source_set(struct source *s, struct buf *text);

/* --- overview_stream.c --- */

struct all;

struct all *all_new(struct api *api);

/* Begins to follow what happens, and stops. The document then keeps up with it. */
struct source *all_follow(struct all *a);
void all_unfollow(struct all *a);

/* A descriptor that is readable when something happened, for all_handle_events(); -1: none. */
int all_fd(const struct all *a);
void all_handle_events(struct all *a);

/* When to call all_look(), on clock_ms(). */
int64_t all_due(const struct all *a);
void all_look(struct all *a);

/* The document as of now, for one who does not follow it. */
void all_answer(struct all *a, struct reply *r);

/* --- job_stream.c --- */

struct ones;

struct ones *ones_new(struct api *api);

/* The document that Q asks for: of a job or of a file, one for all who ask for the same. NULL after making R the
 * error. */
struct source *ones_follow(struct ones *o, const struct request *q, struct reply *r);
void ones_unfollow(struct ones *o, struct source *s);

/* The same as of all. */
int ones_fd(const struct ones *o);
void ones_handle_events(struct ones *o);
int64_t ones_due(const struct ones *o);
void ones_look(struct ones *o);

#endif
