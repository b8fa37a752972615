/* fuzz: tools/lib/html/css.c tools/lib/html/css_tokens.c */
#include "fuzz.h"

#include <math.h>

#include "html/css.h"

FUZZ(css, NULL)
{
	struct css c;

	css_open(&c, bytes + (n > 0), n - (n > 0), n > 0 && (*bytes & 1));
	while (css_next(&c))
		FUZZ_WANT(!isnan(c.size));
	css_close(&c);
}
