/*
 * scgi: reads a request from lighttpd by the SCGI protocol (python.ca/scgi/protocol.txt): the headers as a netstring of
 * names and values, each ended by NUL, then the body.
 *
 * A connection is one request. The answer is like that of a CGI program, and ends with the connection.
 */
#ifndef BI_SCGI_H
#define BI_SCGI_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

enum { SCGI_HEADERS_MAX = 1 << 16 };

enum scgi_state {
	SCGI_MORE,  /* the request is not complete yet */
	SCGI_WHOLE, /* the request is complete */
	SCGI_LONG,  /* the headers are complete, and announce a body that is too long */
	SCGI_BAD,   /* it is not a request */
};

/* A zeroed struct is an empty one. */
struct scgi {
	struct buf in;      /* the bytes received */
	size_t headers;     /* where the headers begin in IN; 0: they are not complete */
	size_t headers_end; /* behind the last value's NUL */
	size_t body;        /* where the body begins */
	size_t body_len;    /* its length by the headers */
};

/* Parses the bytes received so far. Call it after each addition to IN. The body may have BODY_MAX bytes. */
enum scgi_state scgi_parse(struct scgi *r, size_t body_max);

/* Returns the value of the header NAME ("HTTP_HOST"), or NULL if there is none. */
const char *scgi_get(const struct scgi *r, const char *name);

/* Returns the body of a complete request: body_len bytes. */
const char *scgi_body(const struct scgi *r);

/* Appends to IN what can be read from FD without waiting, by one read. Returns its length, 0 at the end, or -1 with
 * errno. */
long scgi_read(struct scgi *r, int fd);

/* Frees the memory and leaves an empty request. */
void scgi_free(struct scgi *r);

#endif
