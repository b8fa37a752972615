/*
 * picture_file: opens pictures of strangers with libvips, in a process that is confined or soon will be.
 *
 * A file may hold the picture several times: smaller copies of it (TIFF, JPEG 2000), a preview (raw photographs), icons
 * of several sizes. picture_find() tells which of them is the picture, and picture_open() reads that one, or the
 * smallest copy that is large enough.
 */
#ifndef BI_PICTURE_FILE_H
#define BI_PICTURE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <vips/vips.h>

#include "pictures/previews.h"
#include "pictures/tiff_pages.h"

enum { PICTURE_WHY = 120 };

struct picture_kind {
	const char *loader; /* how the name of the loader of libvips begins */
	bool drawn;         /* a drawing, which has no pixels and may need fonts */
	bool moves;         /* its pages are frames of an animation */
	bool extra;         /* it needs a process that was started with EXTRA */
};

enum picture_found {
	PICTURE_FOUND,
	PICTURE_ELSEWHERE, /* it needs a process that was started with EXTRA */
	PICTURE_NOT,       /* it is of no kind that is decoded, or no picture: why */
	PICTURE_VARIANT,   /* it is a picture of a kind or variant that is not decoded: why */
	PICTURE_DAMAGED,   /* its header cannot be read: picture_fault() */
};

struct picture_file {
	const struct picture_kind *kind;
	const void *bytes; /* of the file, or of the preview in it */
	size_t len;
	int width, height;      /* of the picture, the right way up */
	int pages;              /* or frames; copies of the first do not count */
	VipsImage *header;      /* libvips' image of the picture, of which nothing is decoded */
	char why[PICTURE_WHY];  /* PICTURE_NOT, PICTURE_VARIANT: in words for people */
	int page, levels;       /* which page of the file is the picture; in how many sizes each is one (JPEG 2000) */
	struct tiff_pages tiff; /* level_count 0: it is no TIFF */
	struct preview preview;
};

/*
 * Starts libvips in the program of this name, and loads what is loaded later otherwise: its modules, the codecs, and
 * with EXTRA those of ImageMagick, which takes some 100 ms longer. A failure ends the program. Call it before the
 * process is confined.
 */
void pictures_start(const char *program, bool extra);

/* Reads the header of the picture of LEN bytes into P, for picture_free() whatever is returned. EXTRA as at the start.
 */
enum picture_found picture_find(struct picture_file *p, const void *bytes, size_t len, bool extra);

/*
 * Opens the picture, or a copy whose longest side is at least SIZE pixels (0: the picture itself). Its pixels are
 * decoded from top to bottom as they are asked for; that of a truncated picture fails. NULL with the errors of libvips.
 * For g_object_unref(), before picture_free().
 */
VipsImage *picture_open(const struct picture_file *p, int size);

/* What the errors of libvips say is wrong. */
enum picture_fault {
	PICTURE_CUT,       /* the picture is damaged */
	PICTURE_UNKNOWN,   /* its variant of the format is not known, or takes too much memory */
	PICTURE_NO_THREAD, /* this machine has no thread for it */
};

/* Returns what the errors of libvips say, and writes it to WHY, of ROOM bytes, in words for people. */
enum picture_fault picture_fault(char *why, size_t room);

void picture_free(struct picture_file *p);

#endif
