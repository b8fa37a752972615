/* fuzz: tools/parse/rtf_utf8.c */
#include "fuzz.h"

#include "base/utf8.h"
#include "rtf_utf8.h"

static struct charsets *charsets;

static void
load(void)
{
	charsets = charset_open();
}

FUZZ(rtf, load)
{
	char *text = fuzz_string(bytes, n);
	struct rtf_found found = {0};
	struct buf out = {0};

	rtf_utf8(charsets, text, n, &out, &found);
	buf_free(&out);
	free(text);
}
