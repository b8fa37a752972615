#include "pictures/previews.h"

#include <libraw/libraw.h>
#include <stdlib.h>
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
	free(p->pixels);
	p->pixels = NULL;
	p->raw = p->thumb = NULL;
}
