/*
 * children: the programs of the API and the worker, which are started again when they end.
 */
#ifndef BI_CHILDREN_H
#define BI_CHILDREN_H

#include <stdint.h>

#include "supervisor_state.h"

/* Must be called first. */
void children_prepare(struct supervisor *k);

/* Makes the sockets and starts the programs: 0, or the exit code after a message. */
int children_start(struct supervisor *k);

/* Reaps the child of this PIDFD. */
void children_reap(struct supervisor *k, int pidfd);

/* Starts those again that are due. Returns the milliseconds until the next one is; -1: none. */
int64_t children_restart_due(struct supervisor *k);

/* Ends the one that streams, which would go on for ever, and tells the worker to end. */
void children_wind_down(struct supervisor *k);

/* Ends all, the worker in its time, and removes the sockets. */
void children_stop(struct supervisor *k);

#endif
