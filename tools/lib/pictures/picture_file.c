#include "pictures/picture_file.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/msg.h"

enum { ICONS_MAX = 64 };

/* The allowed loaders. Others (OpenSlide's, those of matrices) are not used, even if libvips has them. */
static const struct picture_kind kinds[] = {
	{"VipsForeignLoadJpeg", false, false, false},  {"VipsForeignLoadPng", false, false, false},
	{"VipsForeignLoadWebp", false, true, false},   {"VipsForeignLoadNsgif", false, true, false},
	{"VipsForeignLoadTiff", false, false, false},  {"VipsForeignLoadHeif", false, false, false},
	{"VipsForeignLoadJxl", false, true, false},    {"VipsForeignLoadJp2k", false, false, false},
	{"VipsForeignLoadPpm", false, false, false},   {"VipsForeignLoadRad", false, false, false},
	{"VipsForeignLoadSvg", true, false, true},     {"VipsForeignLoadPdf", true, false, true},
	{"VipsForeignLoadMagick", false, false, true},
};

/* The formats that ImageMagick may decode. It finds out the format from the same bytes, and knows many more. */
static const struct {
	const char *name, *sign;
	size_t n;
} magick[] = {
	{"ICO", "\0\0\1\0", 4}, {"PSD", "8BPS\0\1", 6}, {"XCF", "gimp xcf ", 9}, {"DDS", "DDS ", 4},
	{"PCX", "\n\5\1", 3},   {"PCX", "\n\3\1", 3},   {"PCX", "\n\2\1", 3},
};

/* Formats of pictures that are not decoded, and what helps. */
static const struct {
	size_t at;
	const char *sign, *why;
} undecoded[] = {
	{0, "AT&TFORM", "DjVu is not decoded here: ddjvu of the package djvulibre-bin makes a PDF of it"},
	{0, "%!PS", "PostScript is not decoded here: ps2pdf of the package ghostscript makes a PDF of it"},
	{40, " EMF", "EMF is not decoded here: inkscape makes an SVG of it"},
	{0, "\xd7\xcd\xc6\x9a", "WMF is not decoded here: wmf2svg of the package libwmf-bin makes an SVG of it"},
	{128, "DICM", "DICOM is not decoded here: dcm2pnm of the package dcmtk makes a picture of it"},
	{4, "ftyphe", "HEIC is not decoded: libheif lacks its decoder (Debian 13: libheif-plugin-libde265)"},
	{4, "ftypavi", "AVIF is not decoded: libheif lacks its decoder (Debian 13: libheif-plugin-aomdec)"},
};

/* --- at the start --- */

static void
ignore_log(const char *domain, GLogLevelFlags level, const char *text, void *arg)
{
	(void)domain, (void)level, (void)text, (void)arg;
}

/* Decodes N bytes with zeros behind them. */
static void
load_coder(const char *sign, size_t n)
{
	char bytes[128] = "";
	VipsImage *image = NULL;

	memcpy(bytes, sign, n);
	if (vips_magickload_buffer(bytes, sizeof(bytes), &image, NULL) == 0)
		g_clear_object(&image);
}

/* Has ImageMagick load its modules: each when a file of its format is decoded, even a damaged one. */
static void
load_magick(void)
{
	static const struct {
		const char *bytes;
		size_t n;
	} others[] = {
		{"\x89PNG\r\n\x1a\n", 8}, /* in icons */
		{"BM", 2},
		{"\0\0\3\0\0\0\0\0\0\0\0\0\1\0\1\0\10\0\0", 19}, /* a TGA of one grey pixel */
	};

	for (size_t i = 0; i < sizeof(magick) / sizeof(magick[0]); i++)
		load_coder(magick[i].sign, magick[i].n);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		load_coder(others[i].bytes, others[i].n);
	vips_error_clear();
}

void
pictures_start(const char *program, bool extra)
{
	VipsImage *black = NULL, *again = NULL;
	void *bytes = NULL;
	size_t n = 0;

	/* Code made at run time (liborc) is not allowed later, so it is switched off. */
	if (setenv("VIPS_NOVECTOR", "1", 1) < 0 || setenv("ORC_CODE", "backup", 1) < 0 ||
	    setenv("VIPS_DISC_THRESHOLD", "4g", 1) < 0 || setenv("MAGICK_THREAD_LIMIT", "1", 1) < 0 ||
	    setenv("OMP_NUM_THREADS", "1", 1) < 0 || VIPS_INIT(program))
		msg_die(EX_UNAVAILABLE, "cannot start libvips: %s", vips_error_buffer());
	g_log_set_default_handler(ignore_log, NULL);
	vips_concurrency_set(1);
	vips_cache_set_max(0);
	if (vips_black(&black, 8, 8, "bands", 3, NULL) < 0 ||
	    vips_webpsave_buffer(black, &bytes, &n, "strip", TRUE, NULL) < 0 ||
	    vips_thumbnail_buffer(bytes, n, &again, 4, "export_profile", "srgb", NULL) < 0)
		msg_die(EX_UNAVAILABLE, "libvips cannot make a WebP: %s", vips_error_buffer());
	g_free(bytes);
	g_object_unref(again);
	g_object_unref(black);
	/* Where it was not loaded at the start, ImageMagick is not even asked whether it knows a file. */
	if (extra)
		load_magick();
	else
		vips_operation_block_set("VipsForeignLoadMagick", TRUE);
}

/* --- kinds --- */

static const struct picture_kind *
kind_of_loader(const char *name)
{
	for (size_t i = 0; name && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strncmp(name, kinds[i].loader, strlen(kinds[i].loader)) == 0)
			return &kinds[i];
	return NULL;
}

static bool
is_loader(const struct picture_file *p, const char *name)
{
	return strcmp(p->kind->loader, name) == 0;
}

/* A BMP is told from text by its second header, whose length is one of these. */
static bool
is_bmp(const uint8_t *b, size_t n)
{
	return n > 18 && memcmp(b, "BM", 2) == 0 && !b[15] && !b[16] && !b[17] && b[14] &&
	       strchr("\14\20\50\64\70\100\154\174", b[14]);
}

/* A TGA has no sign but for a footer that old ones lack. Its header tells the kind and depth of its pixels (Truevision
 * TGA 2.0): the fields are checked that leave few values. */
static bool
is_tga(const uint8_t *b, size_t n)
{
	return n > 18 && b[1] <= 1 && b[2] && strchr("\1\2\3\11\12\13", b[2]) && b[1] == ((b[2] & 7) == 1) &&
	       strchr("\10\17\20\30\40", b[16]) && b[16] && (b[12] || b[13]) && (b[14] || b[15]) && !(b[17] & 0xc0) &&
	       (b[1] || (!b[3] && !b[4] && !b[5] && !b[6]));
}

/* The name of the format if ImageMagick may decode it, or NULL. */
static const char *
magick_format(const void *bytes, size_t len)
{
	for (size_t i = 0; i < sizeof(magick) / sizeof(magick[0]); i++)
		if (len > magick[i].n && memcmp(bytes, magick[i].sign, magick[i].n) == 0)
			return magick[i].name;
	return is_bmp(bytes, len) ? "BMP" : is_tga(bytes, len) ? "TGA" : NULL;
}

/* The kind of the bytes, or NULL. */
static const struct picture_kind *
kind_of(const void *bytes, size_t len)
{
	const struct picture_kind *kind = kind_of_loader(vips_foreign_find_load_buffer(bytes, len));
	VipsSource *source;

	if (kind && strcmp(kind->loader, "VipsForeignLoadMagick") != 0)
		return kind;
	source = vips_source_new_from_memory(bytes, len); /* PNM and Radiance have no loaders for buffers */
	kind = kind_of_loader(vips_foreign_find_load_source(source));
	g_object_unref(source);
	if (kind)
		return kind;
	return magick_format(bytes, len) ? kind_of_loader("VipsForeignLoadMagick") : NULL;
}

static enum picture_found
fail_kind(struct picture_file *p, const char *why)
{
	snprintf(p->why, sizeof(p->why), "%s", why);
	return PICTURE_VARIANT;
}

static enum picture_found
fail_unknown(struct picture_file *p)
{
	for (size_t i = 0; i < sizeof(undecoded) / sizeof(undecoded[0]); i++) {
		size_t n = strlen(undecoded[i].sign);

		if (p->len >= undecoded[i].at + n &&
		    memcmp((const char *)p->bytes + undecoded[i].at, undecoded[i].sign, n) == 0)
			return fail_kind(p, undecoded[i].why);
	}
	if (magick_format(p->bytes, p->len)) {
		snprintf(p->why, sizeof(p->why), "%s is not decoded: libvips was built without ImageMagick",
			 magick_format(p->bytes, p->len));
		return PICTURE_VARIANT;
	}
	fail_kind(p, "pictures of this kind are not decoded here");
	return PICTURE_NOT;
}

/* --- opening --- */

/* Opens the bytes with the options, "[page=2]" or "". */
static VipsImage *
open_with(const struct picture_file *p, const char *options)
{
	VipsSource *source;
	VipsImage *image;

	if (p->preview.kind == PREVIEW_PIXELS)
		return vips_image_new_from_memory(p->bytes, p->len, p->preview.width, p->preview.height, 3,
						  VIPS_FORMAT_UCHAR);
	if (!is_loader(p, "VipsForeignLoadPpm") && !is_loader(p, "VipsForeignLoadRad"))
		return vips_image_new_from_buffer(p->bytes, p->len, options, "access", VIPS_ACCESS_SEQUENTIAL,
						  "fail_on", VIPS_FAIL_ON_TRUNCATED, NULL);
	source = vips_source_new_from_memory(p->bytes, p->len);
	image = vips_image_new_from_source(source, options, "access", VIPS_ACCESS_SEQUENTIAL, "fail_on",
					   VIPS_FAIL_ON_TRUNCATED, NULL);
	g_object_unref(source);
	return image;
}

/* Which size of a JPEG 2000 is at least SIZE pixels long; each is half of the one before. */
static int
jp2_level(const struct picture_file *p, int size)
{
	int longest = p->width > p->height ? p->width : p->height, level = 0;

	while (size > 0 && level + 1 < p->levels && longest >> (level + 1) >= size)
		level++;
	return level;
}

VipsImage *
picture_open(const struct picture_file *p, int size)
{
	const struct tiff_level *l =
		p->tiff.level_count > 0 ? tiff_pages_level(&p->tiff, size > 0 ? size : INT_MAX) : NULL;
	int page = l ? l->page : p->levels > 1 ? jp2_level(p, size) : p->page;
	char options[64] = "";
	VipsImage *image;

	if (l && l->subifd >= 0)
		snprintf(options, sizeof(options), "[page=%d,subifd=%d]", page, l->subifd);
	else if (page > 0)
		snprintf(options, sizeof(options), "[page=%d]", page);
	image = open_with(p, options);
	/* A raw photograph's preview may lack the orientation that the camera recorded. */
	if (image && p->preview.orientation > 1 && vips_image_get_orientation(image) == 1) {
		VipsImage *own = NULL;

		if (vips_copy(image, &own, NULL) == 0)
			vips_image_set_int(own, VIPS_META_ORIENTATION, p->preview.orientation);
		g_object_unref(image);
		image = own;
	}
	return image;
}

/* --- which picture --- */

/* Looks for a preview; its bytes then stand for the file's. False if there is none where there must be one. */
static bool
take_preview(struct picture_file *p)
{
	preview_of_icns(p->bytes, p->len, &p->preview);
	if (p->preview.kind == PREVIEW_NOT && (p->tiff.has_maker || preview_is_raw(p->bytes, p->len)))
		preview_of_raw(p->bytes, p->len, &p->preview);
	if (p->preview.kind == PREVIEW_NOT)
		return true;
	p->tiff.level_count = 0;
	if (p->preview.kind == PREVIEW_FAILED)
		return false;
	p->bytes = p->preview.bytes;
	p->len = p->preview.len;
	return true;
}

static bool
is_icon(const struct picture_file *p)
{
	const char *format = is_loader(p, "VipsForeignLoadMagick") ? magick_format(p->bytes, p->len) : NULL;

	return format && strcmp(format, "ICO") == 0;
}

/* An icon file has icons of several sizes: the largest is the picture. */
static void
choose_icon(struct picture_file *p)
{
	int pages = vips_image_get_n_pages(p->header);
	double best = (double)vips_image_get_width(p->header) * vips_image_get_height(p->header);

	for (int i = 1; i < pages && i < ICONS_MAX; i++) {
		char options[32];
		VipsImage *other;
		double size;

		snprintf(options, sizeof(options), "[page=%d]", i);
		other = open_with(p, options);
		size = other ? (double)vips_image_get_width(other) * vips_image_get_height(other) : 0;
		if (size > best) {
			VipsImage *smaller = p->header;

			p->header = other;
			other = smaller;
			best = size;
			p->page = i;
		}
		g_clear_object(&other);
	}
}

/* Reads the size and the number of pages from the header. */
static void
measure(struct picture_file *p)
{
	bool swap = vips_image_get_orientation_swap(p->header);
	int width = p->preview.owidth, height = p->preview.oheight;

	if (width == 0 || height == 0) {
		width = vips_image_get_width(p->header);
		height = vips_image_get_page_height(p->header);
	}
	p->width = swap ? height : width;
	p->height = swap ? width : height;
	p->pages = p->tiff.level_count > 0 ? p->tiff.count : vips_image_get_n_pages(p->header);
	if (is_loader(p, "VipsForeignLoadJp2k"))
		p->levels = p->pages;
	/* Sizes of one picture, layers and icons are no pages. */
	if (is_loader(p, "VipsForeignLoadJp2k") || is_loader(p, "VipsForeignLoadMagick"))
		p->pages = 1;
}

enum picture_found
picture_find(struct picture_file *p, const void *bytes, size_t len, bool extra)
{
	bool is_tiff = len > 4 && (memcmp(bytes, "II", 2) == 0 || memcmp(bytes, "MM", 2) == 0);

	*p = (struct picture_file){.bytes = bytes, .len = len, .levels = 1};
	if (is_tiff && !tiff_pages_read(bytes, len, &p->tiff))
		p->tiff.level_count = 0;
	if (!take_preview(p))
		return fail_kind(p, p->preview.why);
	if (!extra && magick_format(p->bytes, p->len))
		return PICTURE_ELSEWHERE;
	if (p->preview.kind == PREVIEW_PIXELS)
		p->kind = kind_of_loader("VipsForeignLoadPpm");
	else
		p->kind = kind_of(p->bytes, p->len);
	if (!p->kind)
		return fail_unknown(p);
	if (p->kind->extra && !extra)
		return PICTURE_ELSEWHERE;
	p->header = picture_open(p, 0);
	if (!p->header)
		return PICTURE_DAMAGED;
	if (is_icon(p))
		choose_icon(p);
	measure(p);
	return PICTURE_FOUND;
}

void
picture_free(struct picture_file *p)
{
	g_clear_object(&p->header);
	preview_free(&p->preview);
}
