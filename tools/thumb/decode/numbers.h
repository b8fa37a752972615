/*
 * numbers: pictures whose samples are numbers of any range (measurements, heights), and not the values of a colour.
 */
#ifndef BI_THUMB_NUMBERS_H
#define BI_THUMB_NUMBERS_H

#include <stdbool.h>
#include <vips/vips.h>

#include "pictures/picture_file.h"

/* Whether IMAGE is such a picture: grey or RGB, and neither of 8 nor of 16 bits without a sign. */
bool numbers_are_in(VipsImage *image);

/*
 * IN, an image of the picture P, in 8 bits: numbers from 0 to 1 and from 0 to 255 as such, others from the least to the
 * greatest in P. Linear light (scRGB), in which 1 is white and more may be, stays as it is. Decodes P once more. Frees
 * IN. NULL with the errors of libvips if P cannot be decoded. For g_object_unref().
 */
VipsImage *numbers_to_bytes(const struct picture_file *p, VipsImage *in);

#endif
