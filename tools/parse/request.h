/*
 * request: a document that is to be parsed, and what parsers ask of it.
 */
#ifndef BI_PARSE_REQUEST_H
#define BI_PARSE_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "doc.h"

struct request {
	int in, out;      /* the file, whose own offset stays as it is, and where images go */
	const char *mime; /* its media type as far as known, "" where not */
	const char *url;  /* where it is from, "" where not known */
	const char *name; /* what it is called, a label, "" where not known */
	const char *type; /* the Content-Type that it came with, "" where not known */
	const char *ocr;  /* the languages in which pictures of text shall be read, as tesseract names them; "": none */
	int ms;           /* how long a program may take for it */
};

enum { REQUEST_SECONDS = 30 }; /* of processor time for one document; more, and the process ends by SIGPROF */

/* Reads the file from its beginning, MAX bytes at most, into OUT. *CUT: there is more. False if it cannot be read:
 * doc_fail() was called. */
bool request_read(const struct request *r, struct doc *d, size_t max, struct buf *out, bool *cut);

/* Maps the whole file. NULL if it cannot be mapped: doc_fail() was called. For munmap(). */
void *request_map(const struct request *r, struct doc *d, size_t *n);

/* Whether the name ends in one of the extensions in LIST, " html htm ". */
bool request_is_named(const struct request *r, const char *list);

/* Begins to count the processor time of a document. */
void request_start_clock(void);

/* Whether most of the processor time for this document is used: what can be left out should be. */
bool request_is_late(void);

#endif
