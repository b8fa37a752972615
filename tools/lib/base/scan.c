#include "base/scan.h"

#include <string.h>

bool
scan_text(const char **at, const char *end, const char *text)
{
	size_t n = strlen(text);

	if ((size_t)(end - *at) < n || memcmp(*at, text, n) != 0)
		return false;
	*at += n;
	return true;
}

bool
scan_number(const char **at, const char *end, uint64_t *out)
{
	uint64_t n = 0;
	const char *p = *at;

	for (; p < end && *p >= '0' && *p <= '9'; p++) {
		unsigned digit = (unsigned)(*p - '0');

		if (n > (UINT64_MAX - digit) / 10)
			return false;
		n = n * 10 + digit;
	}
	if (p == *at)
		return false;
	*at = p;
	*out = n;
	return true;
}

bool
scan_item(const char **at, const char *end, uint32_t *out)
{
	const char *p = *at;
	uint64_t n;

	if (!scan_number(&p, end, &n) || n == 0 || n > UINT32_MAX)
		return false;
	*at = p;
	*out = (uint32_t)n;
	return true;
}

bool
scan_word(const char **at, const char *end, char *out, size_t longest)
{
	const char *quote = memchr(*at, '"', (size_t)(end - *at));
	size_t n = quote ? (size_t)(quote - *at) : 0;

	if (!quote || n > longest)
		return false;
	memcpy(out, *at, n);
	out[n] = '\0';
	*at = quote + 1;
	return true;
}

const char *
scan_after(const char *line, size_t n, const char *text)
{
	size_t len = strlen(text);
	const char *at = memmem(line, n, text, len);

	return at ? at + len : NULL;
}
