/* fuzz: tools/lib/pictures/tiff_pages.c */
#include "fuzz.h"

#include <tiffio.h>

#include "pictures/tiff_pages.h"

static void
load(void)
{
	TIFFSetWarningHandler(NULL);
	TIFFSetErrorHandler(NULL);
}

FUZZ(tiff, load)
{
	struct tiff_pages t;

	if (!tiff_pages_read(bytes, n, &t))
		return;
	FUZZ_WANT(t.count >= 1 && t.level_count >= 1 && t.level_count <= TIFF_LEVELS_MAX);
	for (int size = 1; size < 1000; size *= 3) {
		const struct tiff_level *l = tiff_pages_level(&t, size);

		FUZZ_WANT(l >= t.levels && l < t.levels + t.level_count && l->width >= 0 && l->height >= 0);
	}
}
