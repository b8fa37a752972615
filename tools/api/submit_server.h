/*
 * submit_server: takes what is handed in.
 */
#ifndef BI_SUBMIT_SERVER_H
#define BI_SUBMIT_SERVER_H

#include "api.h"

/* Takes what is handed in, until the listening socket is closed. The exit code. */
int submit_serve(struct api *api);

#endif
