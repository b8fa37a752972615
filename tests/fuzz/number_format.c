/* fuzz: tools/parse/office/number_format.c tools/parse/office/number_tokens.c tools/parse/office/number_date.c */
#include "fuzz.h"

#include "base/utf8.h"
#include "office/number_format.h"

/* A number, and its format behind a line end. */
FUZZ(number_format, NULL)
{
	char *text = fuzz_string(bytes, n), *end;
	double value = strtod(text, &end);
	struct buf out = {0};

	number_format_put(end + (*end == '\n'), value, n & 1, &out);
	buf_free(&out);
	free(text);
}
