/* fuzz: tools/lib/pictures/tiff_pages.c tools/lib/pictures/previews.c tools/lib/pictures/icns.c */
#include "fuzz.h"

#include <tiffio.h>

#include "pictures/previews.h"
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
	struct preview p;

	if (tiff_pages_read(bytes, n, &t)) {
		FUZZ_WANT(t.count >= 1 && t.level_count >= 1 && t.level_count <= TIFF_LEVELS_MAX);
		tiff_pages_level(&t, 200);
	}
	preview_of_icns(bytes, n, &p);
	FUZZ_WANT(p.kind != PREVIEW_ENCODED || ((const char *)p.bytes >= bytes && p.len <= n));
	preview_free(&p);
	preview_is_raw(bytes, n);
}
