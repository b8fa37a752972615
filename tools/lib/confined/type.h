/*
 * type: detects the media type of bytes by bi-type, a confined process.
 *
 * The protocol, over a SOCK_SEQPACKET socket pair whose other end is descriptor 0 of `bi-type --serve`: each packet to
 * it is the head of one file, at most TYPE_HEAD bytes; each packet from it is one answer, "image/jpeg jpg", in the same
 * order, the first of all "ready". An empty head is not sent, since an empty packet means end-of-file; its answer is
 * known.
 */
#ifndef BI_TYPE_H
#define BI_TYPE_H

#include <stdbool.h>
#include <stddef.h>

enum {
	TYPE_HEAD = 16 << 10, /* bytes of a file that are read */
	TYPE_MIME = 128,      /* room for a media type and its NUL */
	TYPE_EXT = 16,        /* room for an extension and its NUL */
};

struct type_head {
	const void *bytes;
	size_t len; /* bytes beyond TYPE_HEAD are ignored */
};

struct type_answer {
	char mime[TYPE_MIME]; /* "image/jpeg"; "application/octet-stream" if it is not known */
	char ext[TYPE_EXT];   /* "jpg", without the dot and in lower case; "bin" if it is not known */
	bool failed; /* this machine stopped bi-type: mime and ext are not valid, and the caller may ask again */
};

struct typer;

/* Starts bi-type, found beside this executable. Returns NULL with errno on failure. type_close() frees it. */
struct typer *type_open(void);

/*
 * Detects the types of N heads and stores them in ANSWERS, in order. If bi-type crashes on a head or computes for ten
 * seconds, the answer is application/octet-stream, bin; bi-type is started again and goes on. If this machine stopped
 * it, it is asked again, HELPER_TRIES times in all; then the answer has FAILED. Returns 0, or -1 with errno only if
 * bi-type cannot be started.
 */
int type_detect(struct typer *t, const struct type_head *heads, size_t n, struct type_answer *answers);

/* Ends bi-type and frees T, which may be NULL. */
void type_close(struct typer *t);

/* Returns the extension of a media type, "bin" for an unknown one. Parameters behind ';' are ignored. */
const char *type_extension(const char *mime);

#endif
