/*
 * supervisor: the process that serves a batch: it takes a port, and starts and watches over what serves it.
 */
#ifndef BI_SUPERVISOR_H
#define BI_SUPERVISOR_H

#include "serve.h"

/* Serves BATCH until lighttpd ends or a signal asks to end. Returns the exit code; messages as serve_start(). */
int supervisor_run(const struct serve *s, const char *batch);

#endif
