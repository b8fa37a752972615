/*
 * supervisor_wait: waits for what happens to a supervisor, and keeps the log and the children meanwhile.
 */
#ifndef BI_SUPERVISOR_WAIT_H
#define BI_SUPERVISOR_WAIT_H

#include <stdint.h>

#include "supervisor_state.h"

/* What supervisor_wait() returns, added up: lighttpd ended, a signal asked the supervisor to end, FD is ready. 0: the
 * time is over. */
enum { WAIT_ENDED = 1, WAIT_ASKED = 2, WAIT_FD = 4 };

/* Waits up to MS (-1: for ever) until one of these happens; FD is -1 if there is none. */
int supervisor_wait(struct supervisor *k, int fd, short events, int64_t ms);

/* Reaps lighttpd, which has ended. Returns its exit code. */
int supervisor_reap_lighttpd(struct supervisor *k);

#endif
