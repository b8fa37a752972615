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
#include "numbers.h"
#include "pictures/picture_file.h"

enum {
	PIXELS_MAX = 200 * 1000 * 1000, /* a picture whose header has more is refused */
	SIDE_MAX = 60 * 1000, /* and so is a drawing with a longer side, which would be drawn large and then reduced */
	QUALITY = 80,
	EFFORT = 2, /* of 6: files are 2 % larger than at 4, the default of libwebp, and made in half the time */
};

/* The picture that is being reduced. */
struct picture {
	struct picture_file file;
	int size; /* the longest side that its thumbnail may have */
	bool is_srgb;
	VipsImage *small; /* its thumbnail, in memory */
	struct likeness likeness;
};

int
decode_fail(char *answer, size_t room, const char *why)
{
	return snprintf(answer, room, "failed %.*s", THUMB_WHY - 1, why);
}

static int
fail_vips(char *answer, size_t room)
{
	char why[THUMB_WHY];

	if (picture_fault(why, sizeof(why)) == PICTURE_NO_THREAD)
		return snprintf(answer, room, "unread %d", EAGAIN);
	return decode_fail(answer, room, why);
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

static bool
is_jpeg(const struct picture *p)
{
	return strcmp(p->file.kind->loader, "VipsForeignLoadJpeg") == 0;
}

/* Whether libvips reduces pictures of this kind better while it decodes them. */
static bool
shrinks_itself(const struct picture *p)
{
	const char *loader = p->file.kind->loader;

	return p->file.kind->drawn || p->file.kind->moves || strcmp(loader, "VipsForeignLoadHeif") == 0 ||
	       (is_jpeg(p) && !p->is_srgb);
}

/* A JPEG is decoded at a half, a quarter or an eighth of its size, if that is not smaller than the thumbnail.
 * vips_thumbnail_buffer() does so only if it is at least twice as large, which takes twice the time for a difference
 * that is invisible in a thumbnail. */
static VipsImage *
open_jpeg(const struct picture *p)
{
	int longest = p->file.width > p->file.height ? p->file.width : p->file.height, by = 8;
	VipsImage *in = NULL;

	while (by > 1 && longest / by < p->size)
		by /= 2;
	if (vips_jpegload_buffer((void *)(size_t)p->file.bytes, p->file.len, &in, "shrink", by, "access",
				 VIPS_ACCESS_SEQUENTIAL, "fail_on", VIPS_FAIL_ON_TRUNCATED, NULL) < 0)
		return NULL;
	return in;
}

/* Reduces the picture, or the smallest of its copies that is large enough. vips_thumbnail_buffer() is not used: it
 * takes the smallest copy of all where a picture may not be enlarged (libvips 8.14 to 8.17), and any page for a copy.
 */
static int
shrink_opened(const struct picture *p, VipsImage **lazy)
{
	VipsImage *in =
		is_jpeg(p) && p->file.preview.kind == PREVIEW_NOT ? open_jpeg(p) : picture_open(&p->file, p->size);
	int rc = -1;

	if (in && numbers_are_in(in))
		in = numbers_to_bytes(&p->file, in);
	if (in && p->is_srgb)
		rc = vips_thumbnail_image(in, lazy, p->size, "height", p->size, "size", VIPS_SIZE_DOWN, NULL);
	else if (in)
		rc = vips_thumbnail_image(in, lazy, p->size, "height", p->size, "size", VIPS_SIZE_DOWN,
					  "export_profile", "srgb", NULL);
	g_clear_object(&in);
	return rc;
}

/* Decodes a page with libvips. A truncated picture fails: the option string requests that, since libvips 8.14 does not
 * pass "fail_on" to the loader here. A picture that already is sRGB gets no colour transform, which would take longer
 * than everything else. Drawings may be enlarged, pictures not. */
static int
shrink_decoding(const struct picture *p, int page, VipsImage **lazy)
{
	VipsSize how = p->file.kind->drawn ? VIPS_SIZE_BOTH : VIPS_SIZE_DOWN;
	void *bytes = (void *)(size_t)p->file.bytes;
	char options[64];

	if (page > 0)
		snprintf(options, sizeof(options), "[fail_on=truncated,page=%d]", page);
	else
		snprintf(options, sizeof(options), "[fail_on=truncated]");
	if (p->is_srgb)
		return vips_thumbnail_buffer(bytes, p->file.len, lazy, p->size, "height", p->size, "size", how,
					     "option_string", options, NULL);
	return vips_thumbnail_buffer(bytes, p->file.len, lazy, p->size, "height", p->size, "size", how, "option_string",
				     options, "export_profile", "srgb", NULL);
}

/* Decodes one page into SMALL, in memory: it is read more than once. */
static int
shrink(struct picture *p, int page)
{
	VipsImage *lazy = NULL;
	int rc = shrinks_itself(p) ? shrink_decoding(p, page, &lazy) : shrink_opened(p, &lazy);

	if (rc < 0)
		return -1;
	g_clear_object(&p->small);
	p->small = p->file.kind->drawn ? decode_here(lazy) : vips_image_copy_memory(lazy);
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
	return p->file.kind->moves && p->file.pages > 1;
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
	if (shrink(p, p->file.pages / 2) == 0 && look(p) == 0 && p->likeness.hash)
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
			 vips_image_get_height(p->small), p->file.width, p->file.height,
			 (is_animated(p) ? THUMB_ANIMATED : 0) | (p->file.kind->drawn ? THUMB_VECTOR : 0),
			 p->file.kind->drawn && p->file.pages > 1 ? p->file.pages : 1,
			 (unsigned long long)p->likeness.hash, p->likeness.sharpness);

	for (size_t i = 0; i < LIKENESS_COLOURS; i++)
		n += snprintf(answer + n, room - (size_t)n, "%02x", p->likeness.colours[i]);
	return n;
}

static bool
is_too_big(const struct picture *p)
{
	if (p->file.kind->drawn)
		return p->file.width > SIDE_MAX || p->file.height > SIDE_MAX;
	return (long long)p->file.width * p->file.height > PIXELS_MAX;
}

static int
fail_size(const struct picture *p, char *answer, size_t room)
{
	char why[THUMB_WHY];

	if (p->file.kind->drawn)
		snprintf(why, sizeof(why), "%d x %d pixels are more than a drawing may have here (%d a side)",
			 p->file.width, p->file.height, SIDE_MAX);
	else
		snprintf(why, sizeof(why), "%d x %d pixels are more than a picture may have here (%d million)",
			 p->file.width, p->file.height, PIXELS_MAX / 1000000);
	return decode_fail(answer, room, why);
}

/* Whether it already is plain sRGB. */
static bool
is_plain_srgb(VipsImage *header)
{
	return vips_image_get_interpretation(header) == VIPS_INTERPRETATION_sRGB &&
	       vips_image_get_typeof(header, VIPS_META_ICC_NAME) == 0;
}

/* Makes the thumbnail of a picture that was found, writes it to OUT, and makes the answer. */
static int
decode_found(struct picture *p, int page, int out, char *answer, size_t room)
{
	void *webp = NULL;
	size_t webp_len = 0;
	int n;

	p->is_srgb = is_plain_srgb(p->file.header);
	if (page > 0 && (!p->file.kind->drawn || page > p->file.pages))
		n = decode_fail(answer, room, "it has no such page");
	else if (is_too_big(p))
		n = fail_size(p, answer, room);
	else if (represent(p, page) < 0 || save(p->small, &webp, &webp_len) < 0)
		n = fail_vips(answer, room);
	else if (file_write(out, webp, webp_len) < 0)
		n = snprintf(answer, room, "unwritten %d", errno);
	else
		n = format_answer(p, answer, room);
	g_free(webp);
	g_clear_object(&p->small);
	return n;
}

int
picture_decode(const void *bytes, size_t len, int size, int page, int out, bool extra, char *answer, size_t room)
{
	struct picture p = {.size = size};
	int n = 0;

	switch (picture_find(&p.file, bytes, len, extra)) {
	case PICTURE_FOUND:
		n = decode_found(&p, page, out, answer, room);
		break;
	case PICTURE_ELSEWHERE:
		n = snprintf(answer, room, "extra");
		break;
	case PICTURE_NOT:
	case PICTURE_VARIANT:
		n = decode_fail(answer, room, p.file.why);
		break;
	case PICTURE_DAMAGED:
		n = fail_vips(answer, room);
		break;
	}
	picture_free(&p.file);
	vips_error_clear();
	return n;
}
