/*
 * output: records on their way to standard output, which may be a pipe that is full: the run goes on, and a signal is
 * noticed, while nobody reads.
 */
#ifndef BI_OUTPUT_H
#define BI_OUTPUT_H

#include "base/buf.h"
#include "run_state.h"

struct output {
	struct run *run;
	struct buf text; /* that stdout has not taken yet, from AT on */
	size_t at;
	struct loop_watcher watcher; /* for room, while there is text */
};

/* Appends a record of N bytes and a newline. */
void output_add(struct output *o, const char *record, size_t n);

/* Writes what stdout takes without waiting. If nobody reads it any more, SIGPIPE ends the run. */
void output_flush(struct output *o);

/* Waits until all is written, or a signal comes. */
void output_flush_all(struct output *o);

/* Whether so much waits that nothing more is to be begun. */
bool output_is_full(const struct output *o);

#endif
