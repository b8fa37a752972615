/*
 * go_on: tells a person who interrupts a run how far it came, and the command that goes on.
 */
#ifndef BI_GO_ON_H
#define BI_GO_ON_H

#include "settings.h"
#include "stats.h"

/* Notes an option of the command line, by its long name ("--batch"), and its value; NULL: it has none. */
void go_on_note(struct go_on *g, const char *option, const char *value);

/* Prints one sentence on standard error, if that is a terminal. IS_READ: all lists were read to their ends. BATCH is
 * the only one that is worked on; NULL: there are others, or none. */
void go_on_say(const struct stats *s, bool is_read, const char *batch);

#endif
