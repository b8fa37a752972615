/*
 * jq: jq at work.
 */
#ifndef BI_JQ_H
#define BI_JQ_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/buf.h"

/* jq at work: GIVE puts a line for it into TO, and says whether it was the last; TAKE gets each line of its. Both
 * return an exit code, which ends it unless it is EX_ALL_WELL. */
struct jq {
	int (*give)(void *arg, struct buf *to, bool *ended);
	int (*take)(void *arg, const char *line, size_t n);
	void *arg;
	const char *assets; /* JSON: $assets of the program */
	pid_t pid;          /* jq.c's own, as what follows */
	int in, out;
	struct buf to, from;
	bool ended;
	int code;
};

/* Runs share/review/render.jq. Returns what GIVE or TAKE returned, or an exit code, which it said, of its own; jq's own
 * goes to STATUS. */
int jq_run(struct jq *j, int *status);

#endif
