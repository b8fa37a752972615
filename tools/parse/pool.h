/*
 * pool: confined processes of bi-parse that each parse one document at a time, by format, kept between documents and
 * replaced when they die or take too long.
 */
#ifndef BI_PARSE_POOL_H
#define BI_PARSE_POOL_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

enum work_end {
	WORK_DONE,  /* images, text and meta say what is in OUT, as parse_helper.h has it: not to be trusted */
	WORK_OTHER, /* it is not of the format that it was taken for */
	WORK_FAILED /* code and why */
};

/* One document to be parsed. The caller keeps it, and its descriptors, until it is ended. */
struct work {
	struct work *next;   /* the pool's */
	const char *format;  /* "text", "pdf"... */
	const char *request; /* the lines of parse_helper.h */
	int in, out;
	unsigned troubles; /* the pool's: of this machine, that kept it from being parsed */
	bool ended;        /* out; the rest counts only then */
	enum work_end end;
	size_t images, text, meta; /* bytes */
	char code[24];             /* "parse_damaged" */
	char why[200];             /* in words for people, UTF-8 on one line */
	bool retryable;
};

struct pool;

/* So many documents at once (at least 1), so many seconds for each. For pool_close(). Processes are started as they are
 * needed. */
struct pool *pool_open(unsigned count, unsigned seconds);
void pool_close(struct pool *p);

/* Has W parsed, now or when a process is free. */
void pool_add(struct pool *p, struct work *w);

/* Fills POLL, of room for POOL_FDS, with what to wait for; how many, and in *MS for how long at most (-1: for ever). */
enum { POOL_MAX = 64, POOL_FDS = POOL_MAX };
nfds_t pool_wait(const struct pool *p, struct pollfd *poll, int *ms);

/* Looks at what has come, and hands out what waits. */
void pool_look(struct pool *p);

#endif
