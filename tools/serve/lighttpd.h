/*
 * lighttpd: lighttpd, which serves the pages.
 */
#ifndef BI_LIGHTTPD_H
#define BI_LIGHTTPD_H

#include <stdbool.h>
#include <stddef.h>

#include "supervisor_state.h"

/* Sets the environment of lighttpd and bi-api: 0, or the exit code after a message. */
int lighttpd_prepare(struct supervisor *k);

/* Starts lighttpd on the lease's socket: 0, or the exit code after a message. */
int lighttpd_start(struct supervisor *k);

/* Whether the lighttpd that lighttpd_start() starts says that it is older than what its configuration is written for.
 * Fills VERSION of ROOM bytes with what it calls itself ("lighttpd/1.4.53"); "" where it says nothing. */
bool lighttpd_is_old(char *version, size_t room);

#endif
