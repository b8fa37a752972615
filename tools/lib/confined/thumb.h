/*
 * thumb: thumbnails, made by bi-thumb, which decodes confined.
 *
 * The protocol is that of helper.h: each packet to `bi-thumb --serve` is the longest side in pixels as decimal
 * digits, with two descriptors (SCM_RIGHTS): the picture, and the file that the thumbnail is written to. Each answer is
 * "ok WIDTH HEIGHT OWIDTH OHEIGHT KIND HASH SHARPNESS COLOURS" (of the thumbnail, and of the picture the right way up;
 * then struct likeness, in hexadecimal but for the sharpness), "failed WHY", "unwritten ERRNO" where the thumbnail's
 * file could not be written, or "vector": it is a drawing, which `bi-thumb --serve --vectors` is asked for instead, by
 * the same protocol. What draws is bigger and slower to start, so it is started only when a drawing comes.
 */
#ifndef BI_THUMB_H
#define BI_THUMB_H

#include <stdbool.h>
#include <stddef.h>

#include "confined/likeness.h"

enum {
	THUMB_SIZE = 512,
	THUMB_WHY = 120,
	THUMB_ANSWER = 256, /* room for an answer */
};

enum thumb_end {
	THUMB_OK,
	THUMB_FAILED,    /* the picture cannot be decoded */
	THUMB_DIED,      /* decoding it crashed, or took longer than a picture may */
	THUMB_UNREAD,    /* the picture could not be read, or no thread be had for it: error says why */
	THUMB_UNWRITTEN, /* the file of the thumbnail could not be written: error says why */
	THUMB_UNSTARTED, /* bi-thumb cannot be started, or is killed each time: error says why */
};

enum thumb_kind {
	THUMB_ANIMATED = 1, /* a film; the thumbnail is one frame of it */
	THUMB_VECTOR = 2,   /* a drawing, of no size of its own: owidth and oheight are what it says */
};

/* One thumbnail to make. */
struct thumb_job {
	int in;                   /* the picture, open for reading */
	int out;                  /* an empty file, open for writing: becomes a WebP */
	int size;                 /* its longest side is at most so many pixels; only drawings are enlarged to that */
	enum thumb_end end;       /* out, as what follows */
	int width, height;        /* of the thumbnail */
	int owidth, oheight;      /* of the picture, its EXIF rotation applied */
	unsigned kind;            /* of enum thumb_kind */
	struct likeness likeness; /* of the thumbnail */
	int error;                /* THUMB_UNREAD, THUMB_UNWRITTEN, THUMB_UNSTARTED: an errno */
	char why[THUMB_WHY];      /* unless THUMB_OK: why there is none, in words for people */
	bool vector;              /* thumb.c's own, as what follows */
	unsigned troubles;        /* of this machine, that kept it from being made */
	struct thumb_job *next;
};

struct thumber;

/* For COUNT pictures at once (at least 1). Programs are started, found beside this executable, as they are needed.
 * For thumb_close(). */
struct thumber *thumb_open(unsigned count);

/* Has the thumbnail of JOB made; it and its descriptors stay as they are until thumb_next() gives it back. */
void thumb_start(struct thumber *t, struct thumb_job *job);

/*
 * A job that has ended, in no order. NULL when none is under way, or, unless WAIT, none has ended. A bi-thumb
 * that crashes or hangs on a picture fails that picture only, and is started again. One that somebody killed, or that
 * got no processor time, is given the picture again, HELPER_TRIES times in all.
 */
struct thumb_job *thumb_next(struct thumber *t, bool wait);

/* Ends them, jobs under way included, and frees T; NULL does nothing. */
void thumb_close(struct thumber *t);

#endif
