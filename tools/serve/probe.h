/*
 * probe: whether the server answers as it should: it is asked as a browser would, over TLS if it has that.
 */
#ifndef BI_PROBE_H
#define BI_PROBE_H

#include "supervisor_state.h"

/* Asks the server for the batch's page and the API until it answers as it should, which with a password is 401. 0,
 * or the exit code after a message. */
int server_probe(struct supervisor *k);

#endif
