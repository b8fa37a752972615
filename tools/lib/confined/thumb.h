/*
 * thumb: makes thumbnails by bi-thumb, a confined process.
 *
 * The protocol is that of helper.h: each packet to `bi-thumb --serve` is the longest side in pixels and the number of a
 * page, as decimal digits, with two descriptors (SCM_RIGHTS): the picture, and the file that the thumbnail is written
 * to. Each answer is "ok WIDTH HEIGHT OWIDTH OHEIGHT KIND PAGES HASH SHARPNESS COLOURS" (of the thumbnail, and of the
 * picture the right way up; then struct likeness, in hexadecimal but for the sharpness), "failed WHY", "unwritten
 * ERRNO" if the thumbnail's file could not be written, or "extra" for a drawing or a format of ImageMagick. That is
 * sent to `bi-thumb --serve --extra`, with the same protocol. That process is bigger and slower to start, so it is
 * started only when such a file comes.
 */
#ifndef BI_THUMB_H
#define BI_THUMB_H

#include <stdbool.h>

#include "confined/likeness.h"

enum {
	THUMB_SIZE = 512,
	THUMB_PAGES = 8, /* pages of a document that bi-render draws to be read */
	THUMB_WHY = 120,
	THUMB_ANSWER = 256, /* room for an answer */
};

enum thumb_end {
	THUMB_OK,
	THUMB_FAILED,    /* the picture cannot be decoded */
	THUMB_DIED,      /* decoding it crashed or took too long */
	THUMB_UNREAD,    /* the picture could not be read, or no thread started for it: error says why */
	THUMB_UNWRITTEN, /* the file of the thumbnail could not be written: error says why */
	THUMB_UNSTARTED, /* bi-thumb could not be started, or was killed each time: error says why */
};

enum thumb_kind {
	THUMB_ANIMATED = 1, /* a film; the thumbnail is one frame of it */
	THUMB_VECTOR = 2,   /* a drawing, which has no size in pixels: owidth and oheight are what it declares */
};

/* One thumbnail to make. */
struct thumb_job {
	int in;                   /* the picture, open for reading */
	int out;                  /* an empty file, open for writing: becomes a WebP */
	int size;                 /* the most pixels of its longest side; only drawings are enlarged to that */
	int page;                 /* of a PDF, from 1; 0: the one that represents it, and for all that are no PDF */
	enum thumb_end end;       /* out, as the following members */
	int width, height;        /* of the thumbnail */
	int owidth, oheight;      /* of the picture, its EXIF rotation applied */
	unsigned kind;            /* of enum thumb_kind */
	unsigned pages;           /* of a PDF; 1 for all others */
	struct likeness likeness; /* of the thumbnail */
	int error;                /* THUMB_UNREAD, THUMB_UNWRITTEN, THUMB_UNSTARTED: an errno */
	char why[THUMB_WHY];      /* unless THUMB_OK: the reason in words for people */
	bool extra;               /* for thumb.c only, as the following members */
	unsigned troubles;        /* failures of this machine */
	struct thumb_job *next;
};

struct thumber;

/* Prepares for COUNT pictures at once (at least 1). The programs, found beside this executable, are started when they
 * are needed. thumb_close() frees it. */
struct thumber *thumb_open(unsigned count);

/* Begins to make the thumbnail of JOB. The caller must keep JOB and its descriptors until thumb_next() returns it. */
void thumb_start(struct thumber *t, struct thumb_job *job);

/* Returns a job that has ended, in any order. Returns NULL if no job is left, or, without WAIT, if none has ended. A
 * bi-thumb that crashes or hangs fails only that picture, and is started again. If this machine stopped it, it gets the
 * picture again, HELPER_TRIES times in all. */
struct thumb_job *thumb_next(struct thumber *t, bool wait);

/* Ends the programs and the current jobs, and frees T, which may be NULL. */
void thumb_close(struct thumber *t);

#endif
