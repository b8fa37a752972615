#include "numbers.h"

#include <stdint.h>

enum { LIGHT_MAX = 8 }; /* the mean of linear light; more are numbers that libvips takes for it */

bool
numbers_are_in(VipsImage *header)
{
	VipsBandFormat format = vips_image_get_format(header);

	switch (vips_image_get_interpretation(header)) {
	case VIPS_INTERPRETATION_B_W:
	case VIPS_INTERPRETATION_GREY16:
	case VIPS_INTERPRETATION_sRGB:
	case VIPS_INTERPRETATION_RGB16:
	case VIPS_INTERPRETATION_scRGB:
	case VIPS_INTERPRETATION_MULTIBAND:
		return vips_image_get_coding(header) == VIPS_CODING_NONE && format != VIPS_FORMAT_UCHAR &&
		       format != VIPS_FORMAT_USHORT;
	default:
		return false;
	}
}

/* The least and the greatest number and the mean. -1 if the picture cannot be decoded. */
static int
measure_range(VipsImage *image, double *least, double *most, double *mean)
{
	VipsImage *stats = NULL;
	const double *all;

	if (vips_stats(image, &stats, NULL) < 0)
		return -1;
	all = vips_image_get_data(stats); /* the least, the greatest, the sum, the sum of squares, the mean... */
	if (all) {
		*least = all[0];
		*most = all[1];
		*mean = all[4];
	}
	g_object_unref(stats);
	return all ? 0 : -1;
}

/* IN, its numbers from LEAST to MOST as bytes. */
static VipsImage *
scale(VipsImage *in, double least, double most)
{
	VipsInterpretation kind = vips_image_get_bands(in) < 3 ? VIPS_INTERPRETATION_B_W : VIPS_INTERPRETATION_sRGB;
	VipsImage *scaled = NULL, *bytes = NULL, *tagged = NULL;
	double by = UINT8_MAX / (most - least);

	if (vips_linear1(in, &scaled, by, -least * by, NULL) == 0 &&
	    vips_cast(scaled, &bytes, VIPS_FORMAT_UCHAR, NULL) == 0 &&
	    vips_copy(bytes, &tagged, "interpretation", kind, NULL) < 0)
		tagged = NULL;
	g_clear_object(&bytes);
	g_clear_object(&scaled);
	return tagged;
}

VipsImage *
numbers_to_bytes(const struct picture_file *p, VipsImage *in)
{
	VipsImage *whole = picture_open(p, 0), *out = NULL;
	double least, most, mean;

	if (whole && measure_range(whole, &least, &most, &mean) == 0) {
		if (vips_image_get_interpretation(in) == VIPS_INTERPRETATION_scRGB && mean < LIGHT_MAX)
			out = g_object_ref(in);
		else if (least >= 0 && most <= 1.01) /* 1 may have been rounded */
			out = scale(in, 0, 1);
		else if (least >= 0 && most <= UINT8_MAX)
			out = scale(in, 0, UINT8_MAX);
		else
			out = scale(in, least, most > least ? most : least + 1);
	}
	g_clear_object(&whole);
	g_object_unref(in);
	return out;
}
