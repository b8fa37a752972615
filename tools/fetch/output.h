/*
 * output: records on their way to standard output. If that is a full pipe, the run continues, and signals are noticed.
 */
#ifndef BI_OUTPUT_H
#define BI_OUTPUT_H

#include "base/buf.h"
#include "run_state.h"

struct output {
	struct run *run;
	struct buf text; /* that stdout has not taken yet, from AT on */
	size_t at;
	bool is_file;                /* stdout is a regular file, which never lets a writer wait */
	struct loop_watcher watcher; /* for room, while there is text */
};

/* Looks what stdout is. Returns whether anybody can read what is written there: not if it is /dev/null. */
bool output_begin(struct output *o);

/* Appends a record of N bytes and a newline. */
void output_add(struct output *o, const char *record, size_t n);

/* Writes what stdout takes without waiting. If its reader has gone, the run ends as by SIGPIPE. */
void output_flush(struct output *o);

/* Waits until all is written, or a signal comes. */
void output_flush_all(struct output *o);

/* Whether so much waits that nothing more should be started. */
bool output_is_full(const struct output *o);

#endif
