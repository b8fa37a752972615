#include "decode.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <vips/vips.h>

#include "confined/likeness.h"
#include "confined/thumb.h"
#include "files/file.h"

enum {
	PIXELS_MAX = 200 * 1000 * 1000, /* a picture whose header has more is refused */
	SIDE_MAX = 60 * 1000, /* and so is a drawing with a longer side, which would be drawn large and then reduced */
	QUALITY = 80,
	EFFORT = 2, /* of 6: files are 2 % larger than at 4, the default of libwebp, and made in half the time */
};

/* The allowed loaders. Others (ImageMagick's, OpenSlide's) are not used, even if libvips has them. */
static const struct loader {
	const char *name; /* how its name begins */
	bool vector;      /* it draws and needs fonts, so it is used only if these were found before */
	bool moves;       /* its pages are frames of an animation */
} loaders[] = {
	{"VipsForeignLoadJpeg", false, false}, {"VipsForeignLoadPng", false, false},
	{"VipsForeignLoadWebp", false, true},  {"VipsForeignLoadNsgif", false, true},
	{"VipsForeignLoadTiff", false, false}, {"VipsForeignLoadHeif", false, false},
	{"VipsForeignLoadJxl", false, true},   {"VipsForeignLoadJp2k", false, false},
	{"VipsForeignLoadSvg", true, false},   {"VipsForeignLoadPdf", true, false},
};

enum { JPEG }; /* its place there */

/* The picture that is being reduced. */
struct picture {
	void *bytes;
	size_t len;
	int size; /* the longest side that its thumbnail may have */
	const struct loader *loader;
	int width, height; /* the right way up */
	int pages;
	bool is_srgb;
	VipsImage *small; /* its thumbnail, in memory */
	struct likeness likeness;
};

int
decode_fail(char *answer, size_t room, const char *why)
{
	return snprintf(answer, room, "failed %.*s", THUMB_WHY - 1, why);
}

/* The last message of libvips is closest to the cause. Each message begins with the part of libvips that wrote it, and
 * ends with a newline. */
static int
fail_vips(char *answer, size_t room)
{
	char *text = vips_error_buffer_copy(), *line, *said, why[THUMB_WHY];
	int n;

	while ((line = strrchr(text, '\n')) && !line[1])
		*line = '\0';
	line = strrchr(text, '\n');
	line = line ? line + 1 : text;
	/* The text is from GLib, and is all that is known about the cause. */
	if (strstr(line, "creating thread")) {
		g_free(text);
		return snprintf(answer, room, "unread %d", EAGAIN);
	}
	said = strstr(line, ": ");
	snprintf(why, sizeof(why), *line ? "the picture is cut short or damaged (%.*s)" : "it cannot be decoded%.*s",
		 THUMB_WHY / 2, said ? said + 2 : line);
	n = decode_fail(answer, room, why);
	g_free(text);
	return n;
}

/* Reads the header: the size, whether it is plain sRGB, and the number of pages. */
static int
measure(struct picture *p)
{
	VipsImage *header = vips_image_new_from_buffer(p->bytes, p->len, "", NULL);

	if (!header)
		return -1;
	p->width = vips_image_get_width(header);
	p->height = vips_image_get_page_height(header);
	p->pages = vips_image_get_n_pages(header);
	p->is_srgb = vips_image_get_interpretation(header) == VIPS_INTERPRETATION_sRGB &&
		     vips_image_get_typeof(header, VIPS_META_ICC_NAME) == 0;
	if (vips_image_get_orientation_swap(header)) {
		int w = p->width;

		p->width = p->height;
		p->height = w;
	}
	g_object_unref(header);
	return 0;
}

static const struct loader *
loader_of(const char *name)
{
	for (size_t i = 0; name && i < sizeof(loaders) / sizeof(loaders[0]); i++)
		if (strncmp(name, loaders[i].name, strlen(loaders[i].name)) == 0)
			return &loaders[i];
	return NULL;
}

VipsImage *
decode_here(VipsImage *lazy)
{
	VipsRegion *region = vips_region_new(lazy);
	VipsRect all = {0, 0, vips_image_get_width(lazy), vips_image_get_height(lazy)};
	VipsImage *made = NULL, *tagged = NULL;

	if (vips_region_prepare(region, &all) == 0)
		made = vips_image_new_from_memory_copy(
			VIPS_REGION_ADDR_TOPLEFT(region), (size_t)VIPS_REGION_LSKIP(region) * (size_t)all.height,
			all.width, all.height, vips_image_get_bands(lazy), vips_image_get_format(lazy));
	if (made && vips_copy(made, &tagged, "interpretation", vips_image_get_interpretation(lazy), NULL) < 0)
		tagged = NULL;
	g_clear_object(&made);
	g_object_unref(region);
	return tagged;
}

/* A JPEG is decoded at a half, a quarter or an eighth of its size, if that is not smaller than the thumbnail.
 * vips_thumbnail_buffer() does so only if it is at least twice as large, which takes twice the time for a difference
 * that is invisible in a thumbnail. */
static int
shrink_jpeg(struct picture *p, VipsImage **lazy)
{
	int longest = p->width > p->height ? p->width : p->height, by = 8, rc;
	VipsImage *in = NULL;

	while (by > 1 && longest / by < p->size)
		by /= 2;
	if (vips_jpegload_buffer(p->bytes, p->len, &in, "shrink", by, "access", VIPS_ACCESS_SEQUENTIAL, "fail_on",
				 VIPS_FAIL_ON_TRUNCATED, NULL) < 0)
		return -1;
	rc = vips_thumbnail_image(in, lazy, p->size, "height", p->size, "size", VIPS_SIZE_DOWN, NULL);
	g_object_unref(in);
	return rc;
}

/* Decodes a page with libvips. A truncated picture fails: the option string requests that, since libvips 8.14 does not
 * pass "fail_on" to the loader here. A picture that already is sRGB gets no colour transform, which would take longer
 * than everything else. Drawings may be enlarged, pictures not. */
static int
shrink_any(struct picture *p, int page, VipsImage **lazy)
{
	VipsSize how = p->loader->vector ? VIPS_SIZE_BOTH : VIPS_SIZE_DOWN;
	char options[64];

	if (page > 0)
		snprintf(options, sizeof(options), "[fail_on=truncated,page=%d]", page);
	else
		snprintf(options, sizeof(options), "[fail_on=truncated]");
	if (p->is_srgb)
		return vips_thumbnail_buffer(p->bytes, p->len, lazy, p->size, "height", p->size, "size", how,
					     "option_string", options, NULL);
	return vips_thumbnail_buffer(p->bytes, p->len, lazy, p->size, "height", p->size, "size", how, "option_string",
				     options, "export_profile", "srgb", NULL);
}

/* Decodes one page into SMALL, in memory: it is read more than once. */
static int
shrink(struct picture *p, int page)
{
	VipsImage *lazy = NULL;
	int rc = p->loader == &loaders[JPEG] && p->is_srgb ? shrink_jpeg(p, &lazy) : shrink_any(p, page, &lazy);

	if (rc < 0)
		return -1;
	g_clear_object(&p->small);
	p->small = p->loader->vector ? decode_here(lazy) : vips_image_copy_memory(lazy);
	g_object_unref(lazy);
	return p->small ? 0 : -1;
}

/* Copies the pixels of the thumbnail as three bytes each, with transparent parts on white. */
static int
look(struct picture *p)
{
	VipsArrayDouble *white = vips_array_double_newv(1, 255.0);
	VipsImage *srgb = NULL, *solid = NULL, *three = NULL, *bytes = NULL;
	uint8_t *rgb = NULL;
	size_t len;

	if (vips_colourspace(p->small, &srgb, VIPS_INTERPRETATION_sRGB, NULL) == 0 &&
	    (vips_image_hasalpha(srgb) ? vips_flatten(srgb, &solid, "background", white, NULL)
				       : vips_copy(srgb, &solid, NULL)) == 0 &&
	    vips_extract_band(solid, &three, 0, "n", 3, NULL) == 0 &&
	    vips_cast(three, &bytes, VIPS_FORMAT_UCHAR, NULL) == 0)
		rgb = vips_image_write_to_memory(bytes, &len);
	if (rgb)
		likeness_compute(rgb, (size_t)vips_image_get_width(bytes), (size_t)vips_image_get_height(bytes),
				 &p->likeness);
	g_free(rgb);
	g_clear_object(&bytes);
	g_clear_object(&three);
	g_clear_object(&solid);
	g_clear_object(&srgb);
	vips_area_unref(VIPS_AREA(white));
	return rgb ? 0 : -1;
}

static bool
is_animated(const struct picture *p)
{
	return p->loader->moves && p->pages > 1;
}

/* Decodes the page PAGE of a PDF; with 0 the first page, or the frame in the middle of an animation that begins with an
 * empty one. */
static int
represent(struct picture *p, int page)
{
	if (page > 0)
		return shrink(p, page - 1);
	if (shrink(p, 0) < 0 || look(p) < 0)
		return -1;
	if (!is_animated(p) || p->likeness.hash)
		return 0;
	if (shrink(p, p->pages / 2) == 0 && look(p) == 0 && p->likeness.hash)
		return 0;
	return shrink(p, 0) < 0 || look(p) < 0 ? -1 : 0;
}

/* Saves SMALL as WebP, without its metadata and, since it is sRGB now, without its profile. "strip" of libvips 8.14
 * does not omit them, so they are removed first; libvips then adds an EXIF block that has only the size. 0 or -1. */
static int
save(VipsImage *small, void **webp, size_t *len)
{
	VipsImage *bare;
	char **fields;
	int rc;

	if (vips_copy(small, &bare, NULL) < 0)
		return -1;
	fields = vips_image_get_fields(bare);
	for (size_t i = 0; fields[i]; i++)
		vips_image_remove(bare, fields[i]); /* except width, height and so on, which it keeps */
	g_strfreev(fields);
	rc = vips_webpsave_buffer(bare, webp, len, "Q", QUALITY, "effort", EFFORT, "strip", TRUE, NULL);
	g_object_unref(bare);
	return rc;
}

/* Makes the answer for a reduced picture. */
static int
format_answer(const struct picture *p, char *answer, size_t room)
{
	int n = snprintf(answer, room, "ok %d %d %d %d %d %d %016llx %u ", vips_image_get_width(p->small),
			 vips_image_get_height(p->small), p->width, p->height,
			 (is_animated(p) ? THUMB_ANIMATED : 0) | (p->loader->vector ? THUMB_VECTOR : 0),
			 p->loader->vector && p->pages > 1 ? p->pages : 1, (unsigned long long)p->likeness.hash,
			 p->likeness.sharpness);

	for (size_t i = 0; i < LIKENESS_COLOURS; i++)
		n += snprintf(answer + n, room - (size_t)n, "%02x", p->likeness.colours[i]);
	return n;
}

static bool
is_too_big(const struct picture *p)
{
	if (p->loader->vector)
		return p->width > SIDE_MAX || p->height > SIDE_MAX;
	return (long long)p->width * p->height > PIXELS_MAX;
}

static int
fail_size(const struct picture *p, char *answer, size_t room)
{
	char why[THUMB_WHY];

	if (p->loader->vector)
		snprintf(why, sizeof(why), "%d x %d pixels are more than a drawing may have here (%d a side)", p->width,
			 p->height, SIDE_MAX);
	else
		snprintf(why, sizeof(why), "%d x %d pixels are more than a picture may have here (%d million)",
			 p->width, p->height, PIXELS_MAX / 1000000);
	return decode_fail(answer, room, why);
}

int
picture_decode(const void *bytes, size_t len, int size, int page, int out, bool vectors, char *answer, size_t room)
{
	struct picture p = {.bytes = (void *)(size_t)bytes, .len = len, .size = size};
	void *webp = NULL;
	size_t webp_len = 0;
	int n;

	p.loader = loader_of(vips_foreign_find_load_buffer(bytes, len));
	if (!p.loader)
		n = decode_fail(answer, room, "pictures of this kind are not decoded here");
	else if (p.loader->vector != vectors)
		n = snprintf(answer, room, "%s", vectors ? "failed it is no drawing" : "vector");
	else if (measure(&p) < 0)
		n = fail_vips(answer, room);
	else if (page > 0 && (!p.loader->vector || page > p.pages))
		n = decode_fail(answer, room, "it has no such page");
	else if (is_too_big(&p))
		n = fail_size(&p, answer, room);
	else if (represent(&p, page) < 0 || save(p.small, &webp, &webp_len) < 0)
		n = fail_vips(answer, room);
	else if (file_write(out, webp, webp_len) < 0)
		n = snprintf(answer, room, "unwritten %d", errno);
	else
		n = format_answer(&p, answer, room);
	g_free(webp);
	g_clear_object(&p.small);
	vips_error_clear();
	return n;
}
