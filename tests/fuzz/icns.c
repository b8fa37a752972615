/* fuzz: tools/lib/pictures/icns.c */
#include "fuzz.h"

#include "pictures/previews.h"

/* What is found is in the file, or has all its pixels. */
FUZZ(icns, NULL)
{
	struct preview p;

	preview_of_icns(bytes, n, &p);
	FUZZ_WANT(p.kind != PREVIEW_ENCODED || ((const char *)p.bytes >= bytes && p.len <= n));
	FUZZ_WANT(p.kind != PREVIEW_PIXELS || p.len == (size_t)p.width * (size_t)p.height * 3);
	FUZZ_WANT(p.kind != PREVIEW_FAILED || p.why);
	preview_free(&p);
	preview_is_raw(bytes, n);
}
