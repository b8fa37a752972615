/* fuzz: tools/lib/charsets/[a-z]*.c */
#include "fuzz.h"

#include "base/utf8.h"
#include "charsets/charset_guess.h"

static struct charsets *charsets;

static void
load(void)
{
	charsets = charset_open();
}

static void
convert(int charset, const char *bytes, size_t n)
{
	struct buf out = {0};

	charset_convert(charsets, charset, bytes, n, &out);
	for (size_t i = 0, len; charset >= 0 && i < out.len; i += len) {
		uint32_t c;

		len = utf8_decode(out.data + i, out.len - i, &c);
		FUZZ_WANT(len > 0);
	}
	buf_free(&out);
}

/* The first line is a label. */
FUZZ(charset, load)
{
	const char *line = memchr(bytes, '\n', n);
	size_t len = line ? (size_t)(line - bytes) : 0;
	char *label = fuzz_string(bytes, len);
	double sure;

	convert(charset_of(charsets, bytes, len), bytes + len, n - len);
	charset_of_type(charsets, label);
	convert(charset_guess_wide(charsets, bytes, n), bytes, n);
	convert(charset_guess_escaped(charsets, bytes, n), bytes, n);
	convert(charset_guess(charsets, bytes, n, &sure), bytes, n);
	FUZZ_WANT(sure >= 0 && sure <= 1);
	free(label);
}
