/* Pictures: the metadata of their headers, by libvips; EXIF values are copied unchanged. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <vips/vips.h>

#include "base/msg.h"
#include "formats.h"
#include "ocr_pages.h"

static void
ignore_log(const char *domain, GLogLevelFlags level, const char *text, void *arg)
{
	(void)domain, (void)level, (void)text, (void)arg;
}

/* Starts libvips with its modules. Code made at run time (liborc) is not allowed later, so it is switched off. */
void
picture_load(void)
{
	VipsImage *black = NULL, *again = NULL;
	void *bytes = NULL;
	size_t n = 0;

	if (setenv("VIPS_NOVECTOR", "1", 1) < 0 || setenv("ORC_CODE", "backup", 1) < 0 || VIPS_INIT("bi-parse"))
		msg_die(EX_UNAVAILABLE, "cannot start libvips: %s", vips_error_buffer());
	g_log_set_default_handler(ignore_log, NULL);
	vips_concurrency_set(1);
	vips_cache_set_max(0);
	if (vips_black(&black, 8, 8, "bands", 3, NULL) < 0 || vips_jpegsave_buffer(black, &bytes, &n, NULL) < 0 ||
	    !(again = vips_image_new_from_buffer(bytes, n, "", NULL)))
		msg_die(EX_UNAVAILABLE, "libvips cannot read a JPEG: %s", vips_error_buffer());
	g_free(bytes);
	g_object_unref(again);
	g_object_unref(black);
}

/* The allowed loaders, by the beginnings of their names. */
static bool
is_let(const char *loader)
{
	static const char *const names[] = {"VipsForeignLoadJpeg",  "VipsForeignLoadPng",  "VipsForeignLoadWebp",
					    "VipsForeignLoadNsgif", "VipsForeignLoadTiff", "VipsForeignLoadHeif",
					    "VipsForeignLoadJxl",   "VipsForeignLoadJp2k", "VipsForeignLoadSvg"};

	for (size_t i = 0; loader && i < sizeof(names) / sizeof(names[0]); i++)
		if (strncmp(loader, names[i], strlen(names[i])) == 0)
			return true;
	return false;
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
describe_picture(struct doc *d, VipsImage *image)
{
	int pages = vips_image_get_n_pages(image), width = vips_image_get_width(image),
	    height = vips_image_get_page_height(image);
	bool turned = vips_image_get_orientation_swap(image);

	doc_meta_number(d, "width", turned ? height : width);
	doc_meta_number(d, "height", turned ? width : height);
	doc_meta_number(d, "bands", vips_image_get_bands(image));
	doc_meta(d, "colours", vips_enum_nick(VIPS_TYPE_INTERPRETATION, vips_image_get_interpretation(image)));
	if (vips_image_get_orientation(image) > 1)
		doc_meta_number(d, "orientation", vips_image_get_orientation(image));
	if (pages > 1)
		doc_meta_number(d, "frames", pages);
	take_date(d, read_exif(image, "exif-ifd2-DateTimeOriginal"));
	take_date(d, read_exif(image, "exif-ifd0-DateTime"));
	vips_image_map(image, put_field, d);
}

bool
picture_parse(const struct request *r, struct doc *d)
{
	VipsImage *image = NULL;
	size_t n;
	void *bytes = request_map(r, d, &n);
	const char *loader;

	if (!bytes)
		return false;
	d->kind = "image";
	loader = vips_foreign_find_load_buffer(bytes, n);
	if (is_let(loader))
		image = vips_image_new_from_buffer(bytes, n, "", NULL);
	if (image) {
		describe_picture(d, image);
		if (*r->ocr)
			ocr_save_picture(d, image);
		g_object_unref(image);
	} else if (loader && is_let(loader)) {
		doc_fail(d, "damaged", "it is damaged or cut short");
	}
	vips_error_clear();
	munmap(bytes, n);
	return !d->failed && image;
}
