/*
 * stream: answers requests for the status, and streams it.
 */
#ifndef BI_STREAM_H
#define BI_STREAM_H

#include "api.h"

/* Answers requests for the status, and streams it, until the listening socket is closed. The exit code. */
int stream_serve(struct api *api);

#endif
