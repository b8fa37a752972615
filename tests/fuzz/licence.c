/* fuzz: tools/lib/review/licence.c tools/lib/review/licence_table.c */
#include "fuzz.h"

#include "review/credit.h"
#include "review/licence_table.h"

static void
load(void)
{
	FUZZ_WANT(!licence_table_load());
}

/* The name and the URL of a licence mean that licence. */
FUZZ(licence, load)
{
	char *text = fuzz_string(bytes, n);
	struct licence v[4], again[4];
	int found = licence_parse(text, v, 4);

	FUZZ_WANT(found >= -1 && found <= 4);
	for (int i = 0; i < found; i++) {
		FUZZ_WANT(*v[i].name);
		FUZZ_WANT(!*v[i].url || (licence_parse(v[i].url, again, 4) >= 1 && again[0].terms == v[i].terms));
	}
	free(text);
}
