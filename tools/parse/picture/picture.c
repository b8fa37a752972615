/* Pictures: the metadata of their headers, by libvips; EXIF values are copied unchanged. Drawings have text, too. */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/mman.h>
#include <vips/vips.h>

#include "formats.h"
#include "hosts/truncated.h"
#include "ocr.h"
#include "pictures/picture_file.h"
#include "text/svg_text.h"

static bool extra; /* this process decodes the formats that take longer to load, too */

void
picture_load(void)
{
	pictures_start("bi-parse", false);
}

void
picture_extra_load(void)
{
	extra = true;
	pictures_start("bi-parse", true);
}

/* libvips returns an EXIF tag as "Normal (1, Short, 1 components, 2 bytes)", which repeats a text: the first part is
 * the readable one. Returns its end, or N if nothing follows. */
static size_t
exif_length(const char *value)
{
	const char *end = NULL;

	for (const char *at = strstr(value, " ("); at && strstr(at, " components, "); at = strstr(at + 1, " (")) {
		size_t n = (size_t)(at - value);

		if (strncmp(at + 2, value, n) == 0)
			return n;
		end = end ? end : at;
	}
	return end ? (size_t)(end - value) : strlen(value);
}

static void
put_exif(struct doc *d, const char *name, const char *value)
{
	const char *tag = strchr(name + 5, '-');
	struct buf text = {0}, key = {0};

	if (!tag || strstr(tag, "MakerNote") || strstr(tag, "Interoperability"))
		return;
	buf_printf(&key, "exif_%s", tag + 1);
	buf_add(&text, value, exif_length(value));
	doc_meta(d, key.data, text.data);
	buf_free(&key);
	buf_free(&text);
}

static void *
put_field(VipsImage *image, const char *name, GValue *value, void *arg)
{
	const char *text;

	(void)value;
	if (strncmp(name, "exif-ifd", 8) == 0 && vips_image_get_string(image, name, &text) == 0)
		put_exif(arg, name, text);
	return NULL;
}

static const char *
read_exif(VipsImage *image, const char *name)
{
	const char *text;

	return vips_image_get_typeof(image, name) && vips_image_get_string(image, name, &text) == 0 ? text : NULL;
}

/* "2024:05:06 07:08:09 (...)" becomes 2024-05-06T07:08:09. */
static void
take_date(struct doc *d, const char *text)
{
	char date[20];

	if (!text || strlen(text) < 19 || !isdigit((unsigned char)text[0]) || text[4] != ':')
		return;
	memcpy(date, text, 19);
	date[4] = date[7] = '-';
	date[10] = 'T';
	date[19] = '\0';
	doc_set_string(&d->date, date);
}

static void
describe_picture(struct doc *d, const struct picture_file *p)
{
	VipsImage *image = p->header;
	int orientation = vips_image_get_orientation(image);

	doc_meta_number(d, "width", p->width);
	doc_meta_number(d, "height", p->height);
	doc_meta_number(d, "bands", vips_image_get_bands(image));
	doc_meta(d, "colours", vips_enum_nick(VIPS_TYPE_INTERPRETATION, vips_image_get_interpretation(image)));
	if (orientation > 1)
		doc_meta_number(d, "orientation", orientation);
	if (p->pages > 1)
		doc_meta_number(d, "frames", p->pages);
	take_date(d, read_exif(image, "exif-ifd2-DateTimeOriginal"));
	take_date(d, read_exif(image, "exif-ifd0-DateTime"));
	vips_image_map(image, put_field, d);
}

/* Says why a picture was not found in the file. */
static bool
fail_picture(struct doc *d, const struct picture_file *p, enum picture_found found)
{
	char why[PICTURE_WHY];

	if (found == PICTURE_VARIANT)
		return doc_fail(d, "unsupported", "%s", p->why);
	if (found != PICTURE_DAMAGED)
		return false;
	switch (picture_fault(why, sizeof(why))) {
	case PICTURE_NO_THREAD:
		return doc_unread(d, EAGAIN);
	case PICTURE_UNKNOWN:
		return doc_fail(d, "unsupported", "%s", why);
	case PICTURE_CUT:
		break;
	}
	return doc_fail(d, "damaged", "%s", why);
}

/* Saves the picture for OCR, upright and grey (ocr.h). */
static void
save_upright(struct doc *d, VipsImage *image)
{
	VipsObject *context = VIPS_OBJECT(vips_image_new());
	VipsImage **t = (VipsImage **)vips_object_local_array(context, 5);
	VipsArrayDouble *white = vips_array_double_newv(1, 255.0);
	double dots = (double)vips_image_get_width(image) * vips_image_get_height(image);
	void *png = NULL;
	size_t n = 0;

	/* The pixels come from top to bottom, and turning them needs all. */
	if (vips_resize(image, &t[0], dots > OCR_DOTS ? sqrt(OCR_DOTS / dots) : 1, NULL) == 0 &&
	    (t[1] = vips_image_copy_memory(t[0])) && vips_autorot(t[1], &t[2], NULL) == 0 &&
	    (vips_image_hasalpha(t[2]) ? vips_flatten(t[2], &t[3], "background", white, NULL)
				       : vips_copy(t[2], &t[3], NULL)) == 0 &&
	    vips_colourspace(t[3], &t[4], VIPS_INTERPRETATION_B_W, NULL) == 0 &&
	    vips_pngsave_buffer(t[4], &png, &n, "strip", TRUE, NULL) == 0)
		doc_image(d, png, n, OCR_ALT "1");
	g_free(png);
	vips_area_unref(VIPS_AREA(white));
	g_object_unref(context);
	vips_error_clear();
}

static void
save_for_ocr(struct doc *d, const struct picture_file *p)
{
	VipsImage *image = picture_open(p, 0);

	if (image) {
		save_upright(d, image);
		g_object_unref(image);
	}
}

bool
picture_parse(const struct request *r, struct doc *d)
{
	struct picture_file p;
	enum picture_found found;
	size_t n;
	void *bytes = request_map(r, d, &n);

	if (!bytes)
		return false;
	d->kind = "image";
	found = picture_find(&p, bytes, n, extra);
	if (found == PICTURE_FOUND) {
		describe_picture(d, &p);
		d->truncated = truncated_check(r->in, n, r->mime, NULL, 0) != NULL;
		if (*r->ocr)
			save_for_ocr(d, &p);
		if (strncmp(p.kind->loader, "VipsForeignLoadSvg", 18) == 0)
			svg_text_put(bytes, n, d);
	} else {
		fail_picture(d, &p, found);
	}
	picture_free(&p);
	vips_error_clear();
	munmap(bytes, n);
	return found == PICTURE_FOUND;
}
