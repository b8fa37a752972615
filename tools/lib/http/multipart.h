/*
 * multipart: parses forms with files, multipart/form-data (RFC 7578, RFC 2046 section 5.1), in pieces of any size. Only
 * a part's headers are kept in memory.
 */
#ifndef BI_MULTIPART_H
#define BI_MULTIPART_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

enum {
	MULTIPART_BOUNDARY_MAX = 70,
	MULTIPART_HEADERS_MAX = 16384, /* bytes of a part's headers */
};

/* The headers of a part, valid during the call. */
struct multipart_part {
	const char *name;     /* the name of the form's field, unchanged */
	const char *filename; /* unchanged; NULL: none; "": no file was chosen */
	const char *type;     /* its Content-Type; NULL: none */
};

/* The caller's functions. Each returns false to stop. */
struct multipart_calls {
	bool (*part)(const struct multipart_part *p, void *arg); /* a part begins */
	bool (*bytes)(const char *bytes, size_t n, void *arg);   /* the next of its bytes, at least one */
	bool (*whole)(void *arg);                                /* it has ended */
};

enum multipart_state {
	MULTIPART_MORE,    /* the form is valid so far and goes on */
	MULTIPART_END,     /* the form ended with its closing boundary; bytes behind that are ignored */
	MULTIPART_STOPPED, /* a function of the caller returned false */
	MULTIPART_BAD,     /* the form is invalid; multipart_error() says why */
};

/* The members are for multipart.c only. */
struct multipart {
	const struct multipart_calls *calls;
	void *arg;
	enum multipart_state state;
	int at;       /* what the next byte belongs to */
	bool in_part; /* between a part's headers and its end */
	char delimiter[MULTIPART_BOUNDARY_MAX + 5];
	size_t delimiter_len;
	size_t matched;     /* how much of the delimiter was just seen */
	struct buf headers; /* of the part that begins */
	const char *wrong;
};

/* Stores the boundary that the Content-Type TYPE (NULL: none) names. Returns NULL, or what is wrong, as a clause: "the
 * request is not multipart/form-data". */
const char *multipart_boundary(const char *type, char boundary[MULTIPART_BOUNDARY_MAX + 1]);

/* Begins a form. multipart_free() frees it. */
void multipart_begin(struct multipart *m, const char *boundary, const struct multipart_calls *calls, void *arg);

/* Parses N more bytes. Returns the state, which does not change once it is not MULTIPART_MORE. */
enum multipart_state multipart_feed(struct multipart *m, const char *bytes, size_t n);

/* Returns what is wrong with a form that is MULTIPART_BAD; it follows "the form is refused: ". */
const char *multipart_error(const struct multipart *m);

void multipart_free(struct multipart *m);

/*
 * multipart_label() appends to OUT a label for the FILENAME that a client sent: the part behind its last slash or
 * backslash, with %22 as a quote (as browsers send one), without control characters, and cut to MULTIPART_LABEL_MAX
 * bytes of UTF-8 before its extension. If nothing is left, it is "file". It is a label, never a path.
 */
enum { MULTIPART_LABEL_MAX = 255 };
void multipart_label(const char *filename, struct buf *out);

#endif
