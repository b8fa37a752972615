/*
 * http_answer: what a server said in one attempt, beside the bytes of the item.
 */
#ifndef BI_HTTP_ANSWER_H
#define BI_HTTP_ANSWER_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

struct answer {
	CURLcode code;                /* how the transfer ended */
	long status;                  /* 0: no answer came */
	char *location;               /* of a redirect, resolved; NULL: none that is a URL */
	char why[CURL_ERROR_SIZE];    /* libcurl's words for CODE; "": none */
	int64_t retry_after;          /* seconds; -1: nothing */
	char retry_after_text[40];    /* the field itself; "": nothing, or too long */
	int64_t length;               /* Content-Length, known from the first byte of the body; -1: it has none */
	int64_t range_from, range_to; /* what that says (RFC 9110, 14.4); -1: it does not name all three */
	int64_t range_total;
	int64_t resumed_from; /* the byte from which the attempt went on; 0: it asked for all */
	size_t header_bytes;
	long schemes;   /* of authentication that its server takes, CURLAUTH_...; 0: none */
	bool reused;    /* it came over a connection of earlier transfers */
	bool not_asked; /* the host is given up: nothing was asked */
	bool ranges, body_begun, bad_range, too_much;
	const char *missing;    /* a constant, why the body is not whole after all; NULL: it is */
	bool damaged;           /* its bytes are not what its encoding can be */
	size_t page_bytes;      /* of an error page */
	bool page_too_large;    /* it was not read to its end */
	char date[40];          /* the server's clock, as it says it; "": it does not */
	char etag[200];         /* as the server writes it; "": none */
	char last_modified[64]; /* the server's words; of a local file, its time as in bi-records(5) */
	char encoding[32];      /* Content-Encoding, but for identity; "": none */
	char content_type[128];
	char *filename;   /* that the server gives it (disposition.h); NULL: none */
	char blocked[64]; /* the kind of address that it would have led to */
	int no_socket;    /* the errno for which this machine gave no socket; 0: it did */
	struct buf error; /* the beginning of an error page */
};

/* Frees and clears the answer, as before an attempt. */
void answer_reset(struct answer *a);

/* Adds one header, or the status line, which starts a new answer. LINE is changed. */
void answer_add_header(struct answer *a, char *line);

/* Returns the validator for If-Range (RFC 9110, 13.1.5): the ETag, else Last-Modified, else "". */
const char *answer_validator(const struct answer *a);

/* Whether its ETag does not tell bytes apart. */
bool answer_is_weak(const struct answer *a);

#endif
