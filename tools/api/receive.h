/*
 * receive: the body of an upload.
 */
#ifndef BI_RECEIVE_H
#define BI_RECEIVE_H

#include <stdbool.h>

#include "submission.h"

/* Reads the body of the upload S, whose headers and perhaps more have come, from the connection FD, and stores its
 * files. Returns false after making the reply the error, or after setting LEFT. It waits for the client and for the
 * disk, so it needs a thread of its own. What the client sends in the meantime waits in the socket, and behind that in
 * lighttpd. */
bool receive_upload(struct submission *h, const struct scgi *s, int fd);

#endif
