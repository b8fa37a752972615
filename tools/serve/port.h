/*
 * port: leases/BATCH.port: the lock under which a server of the batch is started, and the port that it had last.
 */
#ifndef BI_PORT_H
#define BI_PORT_H

#include <stdbool.h>

#include "serve.h"

/* Takes the lock under which a server of BATCH is looked for and started, one at a time. Returns its descriptor, which
 * the caller closes, or -1 after a message. */
int port_hold(const struct serve *s, const char *batch);

/* Returns the port that BATCH had last if that is one to choose from; else 0. */
int port_last(const struct serve *s, const char *batch);

/* Sets PORTS[i] for each port, the first and I more, that another batch had last, and is to find free again. 0,
 * or -1 with errno. */
int port_mark_others(const struct serve *s, const char *batch, bool *ports);

/* Notes that BATCH has PORT now. */
void port_note(const struct serve *s, const char *batch, int port);

#endif
