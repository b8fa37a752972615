/*
 * thumb: thumbnails, made by bi-thumb, which decodes confined.
 *
 * The protocol is that of helper.h: each packet to `bi-thumb --serve` is the longest side in pixels as decimal
 * digits, with two descriptors (SCM_RIGHTS): the picture, and the file that the thumbnail is written to. Each answer is
 * "ok WIDTH HEIGHT OWIDTH OHEIGHT" (of the thumbnail, and of the picture the right way up), "failed WHY", or "unwritten
 * ERRNO" where the thumbnail's file could not be written.
 */
#ifndef BI_THUMB_H
#define BI_THUMB_H

#include <stddef.h>

enum { THUMB_SIZE = 512, THUMB_WHY = 120 };

enum thumb_end {
	THUMB_OK,
	THUMB_FAILED,    /* the picture cannot be decoded */
	THUMB_DIED,      /* decoding it crashed, or took longer than a picture may */
	THUMB_UNWRITTEN, /* the file of the thumbnail could not be written: error says why */
};

/* One thumbnail to make. */
struct thumb_job {
	int in;              /* the picture, open for reading */
	int out;             /* an empty file, open for writing: becomes a WebP */
	enum thumb_end end;  /* out, as all below */
	int width, height;   /* of the thumbnail */
	int owidth, oheight; /* of the picture, its EXIF rotation applied */
	int error;           /* THUMB_UNWRITTEN: an errno */
	char why[THUMB_WHY]; /* unless THUMB_OK: why there is none, in words for people */
};

struct thumber;

/* Starts COUNT (at least 1) of them, found beside this executable. NULL with errno. For thumb_close(). */
struct thumber *thumb_open(unsigned count);

/*
 * Makes N thumbnails, as many at once as there are bi-thumb, at most SIZE pixels on the longest side and never
 * enlarged. One that crashes or hangs on a picture fails that picture only and is started again. -1 with errno when it
 * cannot be started at all.
 */
int thumb_make(struct thumber *t, struct thumb_job *jobs, size_t n, int size);

/* Ends them and frees T; NULL does nothing. */
void thumb_close(struct thumber *t);

#endif
