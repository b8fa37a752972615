#include "pdf/ocr_pages.h"

#include <cairo.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "ocr.h"

enum { DPI = 300, POINTS = 72 };

static void
save(struct doc *d, const void *png, size_t n, unsigned number)
{
	char alt[40];

	snprintf(alt, sizeof(alt), OCR_ALT "%u", number);
	doc_image(d, png, n, alt);
}

static cairo_status_t
add_bytes(void *arg, const unsigned char *bytes, unsigned n)
{
	buf_add(arg, bytes, n);
	return CAIRO_STATUS_SUCCESS;
}

/* The grey of the picture, in eight shades: more would be noise, and take room. False if all of it is one shade. */
static bool
make_grey(cairo_surface_t *from, cairo_surface_t *to, int width, int height)
{
	const unsigned char *rgb = cairo_image_surface_get_data(from);
	unsigned char *grey = cairo_image_surface_get_data(to);
	size_t rgb_row = (size_t)cairo_image_surface_get_stride(from),
	       grey_row = (size_t)cairo_image_surface_get_stride(to);
	bool varies = false;

	for (int y = 0; y < height; y++)
		for (int x = 0; x < width; x++) {
			uint32_t c;
			unsigned g;

			memcpy(&c, rgb + rgb_row * (size_t)y + (size_t)x * 4, sizeof(c));
			g = ((c >> 16 & 255) * 77 + (c >> 8 & 255) * 150 + (c & 255) * 29) >> 8;
			g = (g * 7 + 127) / 255 * 255 / 7;
			grey[grey_row * (size_t)y + (size_t)x] = (unsigned char)g;
			varies = varies || g != grey[0];
		}
	return varies;
}

static void
draw_page(PopplerPage *page, cairo_surface_t *rgb, double scale)
{
	cairo_t *cr = cairo_create(rgb);

	cairo_set_source_rgb(cr, 1, 1, 1);
	cairo_paint(cr);
	cairo_scale(cr, scale, scale);
	poppler_page_render_for_printing(page, cr);
	cairo_destroy(cr);
	cairo_surface_flush(rgb);
}

void
ocr_save_page(struct doc *d, PopplerPage *page, unsigned number)
{
	double width, height, scale;
	cairo_surface_t *rgb, *grey;
	struct buf png = {0};

	poppler_page_get_size(page, &width, &height);
	if (!(width >= 1) || !(height >= 1) || !(width * height < 1e10))
		return;
	scale = fmin((double)DPI / POINTS, sqrt(OCR_DOTS / (width * height)));
	rgb = cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)ceil(width * scale), (int)ceil(height * scale));
	grey = cairo_image_surface_create(CAIRO_FORMAT_A8, (int)ceil(width * scale), (int)ceil(height * scale));
	if (cairo_surface_status(rgb) == CAIRO_STATUS_SUCCESS && cairo_surface_status(grey) == CAIRO_STATUS_SUCCESS) {
		draw_page(page, rgb, scale);
		if (make_grey(rgb, grey, cairo_image_surface_get_width(rgb), cairo_image_surface_get_height(rgb))) {
			cairo_surface_mark_dirty(grey);
			if (cairo_surface_write_to_png_stream(grey, add_bytes, &png) == CAIRO_STATUS_SUCCESS)
				save(d, png.data, png.len, number);
		}
	}
	cairo_surface_destroy(rgb);
	cairo_surface_destroy(grey);
	buf_free(&png);
}
