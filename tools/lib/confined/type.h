/*
 * type: what bytes really are, asked of bi-type, which parses them confined.
 *
 * The protocol, over a SOCK_SEQPACKET socket pair whose other end is descriptor 0 of
 * `bi-type --serve`: each packet to it is the head of one file, at most TYPE_HEAD bytes; each packet
 * from it is one answer, "image/jpeg jpg", in the same order, the first of all "ready". An empty head is not sent,
 * since an empty packet reads as end-of-file: its answer is known.
 */
#ifndef BI_TYPE_H
#define BI_TYPE_H

#include <stdbool.h>
#include <stddef.h>

enum {
	TYPE_HEAD = 16 << 10, /* bytes of a file that are looked at */
	TYPE_MIME = 128,      /* room for a media type and its NUL */
	TYPE_EXT = 16,        /* room for an extension and its NUL */
};

struct type_head {
	const void *bytes;
	size_t len; /* what is beyond TYPE_HEAD is not looked at */
};

struct type_answer {
	char mime[TYPE_MIME]; /* "image/jpeg", "application/octet-stream" where nothing is known */
	char ext[TYPE_EXT];   /* "jpg", without the dot and in lower case; "bin" where nothing is known */
	bool failed; /* this machine kept bi-type from telling: mime and ext say nothing, and may be asked again */
};

struct typer;

/* Starts bi-type, found beside this executable. NULL with errno. For type_close(). */
struct typer *type_open(void);

/*
 * Asks about N heads and waits for all answers, in order. A head on which bi-type dies, or computes for ten seconds, is
 * answered application/octet-stream, bin; bi-type is started again and the rest goes on. Where bi-type was killed by
 * somebody, or got no processor time, it is asked again, HELPER_TRIES times in all; then the answer has FAILED. -1 with
 * errno only when it cannot be started at all.
 */
int type_detect(struct typer *t, const struct type_head *heads, size_t n, struct type_answer *answers);

/* Ends bi-type and frees T; NULL does nothing. */
void type_close(struct typer *t);

/* The extension of a media type, "bin" for one that is not known. Parameters behind ';' do not count. */
const char *type_extension(const char *mime);

#endif
