/*
 * scgi: one request as lighttpd hands it over, by the SCGI protocol (python.ca/scgi/protocol.txt): the
 * headers as a netstring of names and values, each ended by NUL, then the body.
 *
 * A connection is one request; the answer is as a CGI program's, ended by closing.
 */
#ifndef BI_SCGI_H
#define BI_SCGI_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

enum { SCGI_HEADERS_MAX = 1 << 16 };

enum scgi_state {
	SCGI_MORE,  /* not all of it is here yet */
	SCGI_WHOLE, /* it is */
	SCGI_LONG,  /* its headers are, and say that the body is longer than it may be */
	SCGI_BAD,   /* it is no request */
};

/* A zeroed struct is an empty one. */
struct scgi {
	struct buf in;      /* what came */
	size_t headers;     /* where they begin in IN; 0: they are not all there */
	size_t headers_end; /* behind the last value's NUL */
	size_t body;        /* where the body begins */
	size_t body_len;    /* how long it says it is */
};

/* Looks at what came so far; call it after each addition to IN. The body may have BODY_MAX bytes. */
enum scgi_state scgi_parse(struct scgi *r, size_t body_max);

/* The value of the header NAME ("HTTP_HOST"), NULL where there is none. */
const char *scgi_get(const struct scgi *r, const char *name);

/* The body of a whole request: scgi body_len bytes. */
const char *scgi_body(const struct scgi *r);

/* Reads what is there on FD into IN, once, without waiting. Its length, 0 at the end, -1 with errno. */
long scgi_read(struct scgi *r, int fd);

/* Frees it and leaves an empty one. */
void scgi_free(struct scgi *r);

#endif
