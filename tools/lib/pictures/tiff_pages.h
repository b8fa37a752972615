/*
 * tiff_pages: tells the pages of a TIFF file from the smaller copies of them that it has, by libtiff.
 *
 * A copy is a directory that NewSubfileType or SubfileType calls one of reduced resolution (TIFF 6.0, sections 8 and
 * 12). It belongs to the page before it in the chain of directories, or is in that page's SubIFDs (TIFF/EP, Adobe
 * PageMaker 6.0 TIFF Technical Notes). A page may also follow a thumbnail of it, or be in
 * the thumbnail's SubIFDs (TIFF/EP), marked or not.
 */
#ifndef BI_TIFF_PAGES_H
#define BI_TIFF_PAGES_H

#include <stdbool.h>
#include <stddef.h>

enum { TIFF_LEVELS_MAX = 32 };

/* A picture in the file, in the words of libvips' options. */
struct tiff_level {
	int page;   /* from 0 */
	int subifd; /* of that page, from 0; -1: the page itself */
	int width, height;
};

struct tiff_pages {
	int count; /* the pages that are no copies; at least 1 */
	/* The picture: the first page or the one that it is a thumbnail of. Then its copies of the same colours and
	 * orientation, in any order. */
	struct tiff_level levels[TIFF_LEVELS_MAX];
	size_t level_count; /* at least 1 */
	bool has_maker;     /* the first directory names the maker of a camera or scanner, as raw pictures do */
};

/* Reads the directories of the LEN bytes of a file. False if libtiff cannot; then OUT is not set. */
bool tiff_pages_read(const void *bytes, size_t len, struct tiff_pages *out);

/* Returns the smallest level whose longest side is at least SIZE pixels; the page itself if all are smaller. */
const struct tiff_level *tiff_pages_level(const struct tiff_pages *t, int size);

#endif
