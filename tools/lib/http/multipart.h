/*
 * multipart: forms with files in them as they come over HTTP, multipart/form-data (RFC 7578, RFC 2046 section 5.1),
 * read in pieces of any size: nothing but a part's headers is kept.
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

/* What the headers of a part say; valid during the call. */
struct multipart_part {
	const char *name;     /* of the form's field; as it came */
	const char *filename; /* as it came, NULL where it has none; "" where no file was chosen */
	const char *type;     /* its Content-Type; NULL: none */
};

/* Whom the form is told to. Each returns false to stop. */
struct multipart_calls {
	bool (*part)(const struct multipart_part *p, void *arg); /* a part begins */
	bool (*bytes)(const char *bytes, size_t n, void *arg);   /* the next of its bytes, at least one */
	bool (*whole)(void *arg);                                /* it has ended */
};

enum multipart_state {
	MULTIPART_MORE,    /* so far it is well, and goes on */
	MULTIPART_END,     /* it ended with its closing boundary; what comes behind that is passed over */
	MULTIPART_STOPPED, /* a call said so */
	MULTIPART_BAD,     /* it is no such form; multipart_error() says why */
};

/* The members are multipart.c's own. */
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

/* The boundary that the Content-Type TYPE names (NULL: none), as a string. NULL, or what is wrong, to stand alone:
 * "the request is not multipart/form-data". */
const char *multipart_boundary(const char *type, char boundary[MULTIPART_BOUNDARY_MAX + 1]);

/* Begins a form. For multipart_free(). */
void multipart_begin(struct multipart *m, const char *boundary, const struct multipart_calls *calls, void *arg);

/* Takes N more bytes. The state, which does not change once it is not MULTIPART_MORE. */
enum multipart_state multipart_feed(struct multipart *m, const char *bytes, size_t n);

/* What is wrong with a bad form, to stand behind "the form is refused: ". */
const char *multipart_error(const struct multipart *m);

void multipart_free(struct multipart *m);

/*
 * What is shown of a FILENAME that somebody sent: what stands behind its last slash or backslash, with %22 as a quote
 * (so browsers send one), without characters that control, and at most MULTIPART_LABEL_MAX bytes of UTF-8, the end
 * of its name (".jpeg") among them. "file" where nothing is left. Appends it to OUT. It is a label, never a path.
 */
enum { MULTIPART_LABEL_MAX = 255 };
void multipart_label(const char *filename, struct buf *out);

#endif
