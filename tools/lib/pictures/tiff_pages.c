#include "pictures/tiff_pages.h"

#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <tiffio.h>

#include "base/buf.h"

enum {
	DIRECTORIES_MAX = 1000, /* that are looked at; further ones count as pages */
	THUMBNAIL_SIDE = 512,   /* a first page that is larger is no unmarked thumbnail */
	UINT_LARGE = INT_MAX / 2,
};

/* The bytes of a file, for libtiff. */
struct source {
	const uint8_t *bytes;
	uint64_t len, at;
};

/* What is known of one directory. */
struct directory {
	uint32_t width, height;
	uint16_t bits, samples, photometric, orientation;
	bool is_copy, has_profile;
};

/* --- libtiff's client --- */

static tmsize_t
read_bytes(thandle_t handle, void *out, tmsize_t n)
{
	struct source *s = handle;
	uint64_t left = s->at < s->len ? s->len - s->at : 0;

	if (n < 0)
		return -1;
	if ((uint64_t)n > left)
		n = (tmsize_t)left;
	memcpy(out, s->bytes + s->at, (size_t)n);
	s->at += (uint64_t)n;
	return n;
}

static tmsize_t
write_nothing(thandle_t handle, void *bytes, tmsize_t n)
{
	(void)handle, (void)bytes, (void)n;
	return -1;
}

static toff_t
seek_bytes(thandle_t handle, toff_t offset, int whence)
{
	struct source *s = handle;

	s->at = offset + (whence == SEEK_CUR ? s->at : whence == SEEK_END ? s->len : 0);
	return s->at;
}

static int
close_nothing(thandle_t handle)
{
	(void)handle;
	return 0;
}

static toff_t
size_of_bytes(thandle_t handle)
{
	return ((struct source *)handle)->len;
}

static TIFF *
open_bytes(struct source *s)
{
	/* Without "m", libtiff would map the file; it reads what it needs instead. */
	return TIFFClientOpen("picture", "rm", s, read_bytes, write_nothing, seek_bytes, close_nothing, size_of_bytes,
			      NULL, NULL);
}

/* --- the directories --- */

static void
read_directory(TIFF *t, struct directory *d)
{
	uint32_t kind = 0, n = 0;
	uint16_t old_kind = 0;
	void *profile;

	*d = (struct directory){0};
	TIFFGetField(t, TIFFTAG_IMAGEWIDTH, &d->width);
	TIFFGetField(t, TIFFTAG_IMAGELENGTH, &d->height);
	TIFFGetFieldDefaulted(t, TIFFTAG_BITSPERSAMPLE, &d->bits);
	TIFFGetFieldDefaulted(t, TIFFTAG_SAMPLESPERPIXEL, &d->samples);
	TIFFGetFieldDefaulted(t, TIFFTAG_ORIENTATION, &d->orientation);
	TIFFGetField(t, TIFFTAG_PHOTOMETRIC, &d->photometric);
	TIFFGetField(t, TIFFTAG_SUBFILETYPE, &kind);
	TIFFGetField(t, TIFFTAG_OSUBFILETYPE, &old_kind);
	d->is_copy = kind & (FILETYPE_REDUCEDIMAGE | FILETYPE_MASK) || old_kind == OFILETYPE_REDUCEDIMAGE;
	d->has_profile = TIFFGetField(t, TIFFTAG_ICCPROFILE, &n, &profile) == 1;
}

/* Whether both have the same shape, up to the rounding of the smaller's sides. */
static bool
same_shape(const struct directory *a, const struct directory *b)
{
	int64_t across = (int64_t)a->width * b->height, down = (int64_t)a->height * b->width;
	int64_t most = a->width > a->height ? a->width : a->height;

	return llabs(across - down) <= 2 * most;
}

/* Whether COPY may stand for PAGE where the thumbnail is smaller. */
static bool
may_stand_for(const struct directory *copy, const struct directory *page)
{
	return copy->is_copy && copy->width > 0 && copy->height > 0 && copy->width <= page->width &&
	       copy->height <= page->height && same_shape(page, copy) && copy->bits == page->bits &&
	       copy->samples == page->samples && copy->photometric == page->photometric &&
	       copy->orientation == page->orientation && copy->has_profile == page->has_profile;
}

static void
add_level(struct tiff_pages *out, size_t page, int subifd, const struct directory *d)
{
	if (out->level_count < TIFF_LEVELS_MAX && d->width < UINT_LARGE && d->height < UINT_LARGE)
		out->levels[out->level_count++] = (struct tiff_level){(int)page, subifd, (int)d->width, (int)d->height};
}

/* Whether SMALL, which is first in the file, is a thumbnail of LARGE, marked as a copy or not. */
static bool
is_thumbnail_of(const struct directory *small, const struct directory *large)
{
	bool may_be = small->is_copy || (small->width <= THUMBNAIL_SIDE && small->height <= THUMBNAIL_SIDE);

	return may_be && !large->is_copy && large->width >= 2 * small->width && large->height >= 2 * small->height &&
	       same_shape(large, small);
}

/* Adds the copies in the SubIFDs of PAGE; or has the picture there replace the page, if that is its thumbnail. */
static void
add_subifds(TIFF *t, size_t page, const struct directory *d, struct tiff_pages *out)
{
	uint16_t count = 0;
	uint64_t *offsets, copy[TIFF_LEVELS_MAX];

	if (!TIFFSetDirectory(t, (tdir_t)page) || !TIFFGetField(t, TIFFTAG_SUBIFD, &count, &offsets))
		return;
	count = count < TIFF_LEVELS_MAX ? count : TIFF_LEVELS_MAX;
	memcpy(copy, offsets, count * sizeof(*copy));
	for (int i = 0; i < count; i++) {
		struct directory sub;

		if (!TIFFSetSubDirectory(t, copy[i]))
			continue;
		read_directory(t, &sub);
		if (is_thumbnail_of(d, &sub)) {
			out->level_count = 0;
			add_level(out, page, i, &sub);
			return;
		}
		if (may_stand_for(&sub, d))
			add_level(out, page, i, &sub);
	}
}

/* The first page: the first directory that is no copy, or the one of which an unmarked first one is a thumbnail. */
static size_t
first_page(const struct directory *v, size_t n)
{
	size_t first = 0;

	while (first + 1 < n && v[first].is_copy)
		first++;
	if (v[first].is_copy)
		return 0;
	for (size_t i = first + 1; i < n; i++)
		if (is_thumbnail_of(&v[first], &v[i]))
			return i;
	return first;
}

bool
tiff_pages_read(const void *bytes, size_t len, struct tiff_pages *out)
{
	struct source source = {bytes, len, 0};
	TIFF *t = open_bytes(&source);
	struct directory *v = t ? buf_alloc(DIRECTORIES_MAX * sizeof(*v)) : NULL;
	size_t n = 0, first, copies = 0;
	char *maker;

	*out = (struct tiff_pages){0};
	if (!t)
		return false;
	out->has_maker = TIFFGetField(t, TIFFTAG_MAKE, &maker) == 1;
	do {
		read_directory(t, &v[n]);
		copies += v[n].is_copy;
		n++;
	} while (n < DIRECTORIES_MAX && TIFFReadDirectory(t));
	first = first_page(v, n);
	add_level(out, first, -1, &v[first]);
	add_subifds(t, first, &v[first], out);
	for (size_t i = first + 1; i < n && v[i].is_copy; i++)
		if (may_stand_for(&v[i], &v[first]))
			add_level(out, i, -1, &v[i]);
	out->count = copies < n ? (int)(n - copies) : 1;
	free(v);
	TIFFClose(t);
	return out->level_count > 0;
}

const struct tiff_level *
tiff_pages_level(const struct tiff_pages *t, int size)
{
	const struct tiff_level *best = &t->levels[0];

	for (size_t i = 1; i < t->level_count; i++) {
		const struct tiff_level *l = &t->levels[i];

		if ((l->width >= size || l->height >= size) && l->width < best->width)
			best = l;
	}
	return best;
}
