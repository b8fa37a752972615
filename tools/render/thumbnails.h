/*
 * thumbnails: the thumbnails of candidates.
 */
#ifndef BI_THUMBNAILS_H
#define BI_THUMBNAILS_H

#include <stdint.h>

#include "confined/thumb.h"
#include "render_state.h"

/* What is known of an item's thumbnail, kept in review/NAME/.thumbs at the item's number so that unchanged pictures
 * are not decoded again. */
struct thumbnail {
	char sha256[64];          /* of the picture */
	uint32_t version;         /* THUMBNAIL_VERSION; else there is nothing here */
	uint32_t end;             /* enum thumb_end */
	uint32_t width, height;   /* of the thumbnail */
	uint32_t owidth, oheight; /* of the picture */
	uint32_t kind : 8;        /* of enum thumb_kind */
	uint32_t drawn : 8;       /* pages of a document that have pictures, and 1; 0: they were not made yet */
	uint32_t pages : 16;      /* of a document, UINT16_MAX at most; 0 in those of earlier versions */
	struct likeness likeness;
	char why[THUMB_WHY];
};

/* The first THUMB_PAGES pages of a document are drawn to be read, with PAGE_SIZE pixels on their longest side. */
enum { THUMBNAIL_VERSION = 3, PAGE_SIZE = 1400 };

/* What is known of item K's thumbnail of the picture with this hash. 1; 0 when nothing is; -1 with errno where that
 * cannot be read. */
int thumbnail_read(const struct render *r, uint32_t k, const char *sha256, struct thumbnail *out);

/* Has the thumbnail THUMB of item K's picture IN, which it takes over, made unless it is there. DOCUMENT: and the
 * pictures of its pages. Returns an exit code. */
int thumbnails_add(struct render *r, uint32_t k, int in, const char *sha256, const char *thumb, bool document);

/* Waits for the thumbnails under way. Returns an exit code. */
int thumbnails_finish(struct render *r);

#endif
