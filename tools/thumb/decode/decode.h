/*
 * decode: pictures and drawings become thumbnails, in the confined process.
 */
#ifndef BI_THUMB_DECODE_H
#define BI_THUMB_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <vips/vips.h>

/*
 * Makes a WebP of the picture of LEN bytes, at most SIZE pixels on its longest side, and writes it to OUT. PAGE: of a
 * PDF, from 1; 0 for the one that represents it. EXTRA: the process was started with pictures_start(..., true). The
 * answer of thumb.h goes to ANSWER; returns its length.
 */
int picture_decode(const void *bytes, size_t len, int size, int page, int out, bool extra, char *answer, size_t room);

/*
 * LAZY in memory, drawn by the calling thread: Pango keeps what it opened by thread, and libvips ends its own threads.
 * NULL when it cannot be drawn. For g_object_unref().
 */
VipsImage *decode_here(VipsImage *lazy);

/* The answer that there is no thumbnail, and why. Returns its length. */
int decode_fail(char *answer, size_t room, const char *why);

#endif
