#include "pictures/previews.h"

#include <libraw/libraw.h>
#include <string.h>

static bool
has_at(const void *bytes, size_t len, size_t at, const char *text, size_t n)
{
	return len >= at + n && memcmp((const char *)bytes + at, text, n) == 0;
}

/* --- raw photographs --- */

bool
preview_is_raw(const void *bytes, size_t len)
{
	static const struct {
		size_t at;
		const char *text;
	} signs[] = {
		{0, "IIRO"},     {0, "IIRS"}, {0, "MMOR"},     {0, "IIU"}, {0, "FUJIFILMCCD-RAW"},
		{4, "ftypcrx "}, {0, "FOVb"}, {6, "HEAPCCDR"},
	};

	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
		if (has_at(bytes, len, signs[i].at, signs[i].text, strlen(signs[i].text)))
			return true;
	return has_at(bytes, len, 0, "\0MRM", 4);
}

static void
take_thumb(struct preview *out, libraw_data_t *raw)
{
	int error = 0;
	libraw_processed_image_t *thumb;

	if (libraw_unpack_thumb(raw) != LIBRAW_SUCCESS || !(thumb = libraw_dcraw_make_mem_thumb(raw, &error))) {
		out->kind = PREVIEW_FAILED;
		out->why = "this raw photograph has no preview that can be read";
		return;
	}
	out->thumb = thumb;
	out->bytes = thumb->data;
	out->len = thumb->data_size;
	out->kind = thumb->type == LIBRAW_IMAGE_JPEG ? PREVIEW_ENCODED : PREVIEW_PIXELS;
	if (thumb->type == LIBRAW_IMAGE_JPEG)
		return;
	out->width = thumb->width;
	out->height = thumb->height;
	if (thumb->colors != 3 || thumb->bits != 8 || out->len < (size_t)thumb->width * thumb->height * 3) {
		out->kind = PREVIEW_FAILED;
		out->why = "the preview of this raw photograph has other colours than red, green and blue";
	}
}

void
preview_of_raw(const void *bytes, size_t len, struct preview *out)
{
	libraw_data_t *raw = libraw_init(0);

	*out = (struct preview){.kind = PREVIEW_NOT, .orientation = 1, .raw = raw};
	if (!raw || libraw_open_buffer(raw, (void *)(size_t)bytes, len) != LIBRAW_SUCCESS)
		return;
	out->owidth = raw->sizes.width;
	out->oheight = raw->sizes.height;
	/* libraw says how to turn it in three bits: left, upside down, ... as dcraw did. */
	out->orientation = raw->sizes.flip == 3 ? 3 : raw->sizes.flip == 5 ? 8 : raw->sizes.flip == 6 ? 6 : 1;
	take_thumb(out, raw);
}

void
preview_free(struct preview *p)
{
	if (p->thumb)
		libraw_dcraw_clear_mem(p->thumb);
	if (p->raw)
		libraw_close(p->raw);
	p->raw = p->thumb = NULL;
}

/* --- icons --- */

static size_t
number_at(const uint8_t *b)
{
	return (size_t)b[0] << 24 | (size_t)b[1] << 16 | (size_t)b[2] << 8 | b[3];
}

/* The width of a PNG or of a JPEG 2000 file (ISO 15444-1, its SIZ marker); 0 for others. */
static size_t
width_of(const uint8_t *b, size_t n)
{
	const uint8_t *siz;

	if (n >= 24 && memcmp(b, "\x89PNG\r\n\x1a\n", 8) == 0)
		return number_at(b + 16);
	if (n < 12 || (memcmp(b, "\0\0\0\x0cjP  ", 8) != 0 && memcmp(b, "\xff\x4f\xff\x51", 4) != 0))
		return 0;
	siz = memmem(b, n, "\xff\x4f\xff\x51", 4);
	return siz && n - (size_t)(siz - b) >= 12 ? number_at(siz + 8) : 0;
}

void
preview_of_icns(const void *bytes, size_t len, struct preview *out)
{
	const uint8_t *b = bytes;
	size_t best = 0, at = 8, n;

	*out = (struct preview){.kind = PREVIEW_NOT, .orientation = 1};
	if (!has_at(bytes, len, 0, "icns", 4))
		return;
	out->kind = PREVIEW_FAILED;
	out->why = "the icons in this file are in the form before Mac OS X 10.5, which is not decoded here";
	for (; at + 8 <= len; at += n) {
		size_t width;

		n = number_at(b + at + 4);
		if (n < 8 || n > len - at) {
			out->why = "the picture is cut short or damaged";
			break;
		}
		width = width_of(b + at + 8, n - 8);
		if (width <= best)
			continue;
		best = width;
		out->kind = PREVIEW_ENCODED;
		out->bytes = b + at + 8;
		out->len = n - 8;
	}
}
