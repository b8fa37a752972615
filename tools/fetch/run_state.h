/*
 * run_state: what all stages of a run of bi-fetch use: the settings, the root, the loop, and flags that any stage may
 * set. A function that has set a flag returns as usual. main_loop.c ends the run after the turn.
 */
#ifndef BI_RUN_STATE_H
#define BI_RUN_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/loop.h"
#include "files/root.h"
#include "settings.h"
#include "stop_conditions.h"

struct body_store;

struct run {
	const struct settings *set;
	struct root root;
	struct loop *loop;
	struct body_store *bodies; /* body.h */
	int temp;                  /* the root's temp/ */
	int signals;               /* the signalfd; -1: not open */
	struct loop_watcher signals_watcher;
	uint64_t asked; /* items asked for so far */
	uint64_t bytes; /* received or copied so far */
	struct stop_conditions stops;
	int stop_signal;      /* that ends the run; 0: none came */
	int fatal;            /* an errno that ends the run; 0: none */
	int fatal_code;       /* the exit code that it ends with; 0: what the errno stands for */
	const char *fatal_at; /* what was being done */
};

/* Ends the run because of errno. Only the first call counts. DOING ("reading an item") is a constant. */
void run_fail(struct run *run, const char *doing);

/* The same, with the errno ERROR and the exit code CODE. */
void run_fail_as(struct run *run, int error, int code, const char *doing);

/* Whether the run is to end before its work is done. */
bool run_is_ending(const struct run *run);

/* Whether the run ends with items left that another run may go on with: their parts stay in temp/. */
bool run_keeps_parts(const struct run *run);

/* Lets the loop receive the signals that end a run, and lets them interrupt waits for locks. 0, or -1 with errno. */
int run_catch_signals(struct run *run);

/* Reads a signal from the signalfd, if one has come. */
void run_note_signal(struct run *run);

#endif
