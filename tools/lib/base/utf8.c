#include "base/utf8.h"

#include <stdbool.h>
#include <string.h>

#include "base/buf.h"

size_t
utf8_decode(const char *s, size_t n, uint32_t *c)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *p = (const unsigned char *)s;
	size_t len;

	if (n == 0)
		return 0;
	len = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : p[0] < 0xf5 ? 4 : 0;
	if (len == 0 || len > n)
		return 0;
	*c = len == 1 ? p[0] : p[0] & (0x7fU >> len);
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		*c = *c << 6 | (p[i] & 0x3f);
	}
	return *c < least[len] || *c > 0x10ffff || (*c >= 0xd800 && *c <= 0xdfff) ? 0 : len;
}

size_t
utf8_encode(uint32_t c, char out[4])
{
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	for (size_t i = n - 1; i > 0; i--, c >>= 6)
		out[i] = (char)(0x80 | (c & 0x3f));
	out[0] = (char)(n == 1 ? c : (0xf00 >> n & 0xff) | c);
	return n;
}

enum utf8_class
utf8_class_of(uint32_t c)
{
	static const struct {
		uint32_t first, last;
		enum utf8_class class;
	} all[] = {{0x00, 0x1f, UTF8_CONTROL},      {0x7f, 0x9f, UTF8_CONTROL},      {0xad, 0xad, UTF8_UNSEEN},
		   {0x61c, 0x61c, UTF8_MARK},       {0x200b, 0x200b, UTF8_UNSEEN},   {0x200e, 0x200f, UTF8_MARK},
		   {0x2028, 0x2029, UTF8_BREAK},    {0x202a, 0x202e, UTF8_OVERRIDE}, {0x2060, 0x2065, UTF8_UNSEEN},
		   {0x2066, 0x2069, UTF8_OVERRIDE}, {0x206a, 0x206f, UTF8_UNSEEN},   {0xfeff, 0xfeff, UTF8_UNSEEN},
		   {0xfff9, 0xfffb, UTF8_UNSEEN}};

	for (size_t i = 0; i < sizeof(all) / sizeof(*all) && c >= all[i].first; i++)
		if (c <= all[i].last)
			return all[i].class;
	return UTF8_TEXT;
}

size_t
utf8_valid_length(const char *s, size_t n)
{
	size_t i = 0;
	uint32_t c;

	while (i < n) {
		size_t len = (signed char)s[i] > 0 ? 1 : s[i] ? utf8_decode(s + i, n - i, &c) : 0;

		if (len == 0)
			return i;
		i += len;
	}
	return n;
}

size_t
utf8_whole_length(const char *s, size_t n)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t behind = 0, len;

	while (behind < 3 && behind < n && (p[n - 1 - behind] & 0xc0) == 0x80)
		behind++;
	if (behind == n)
		return n;
	len = p[n - 1 - behind] < 0xc0 ? 1 : p[n - 1 - behind] < 0xe0 ? 2 : p[n - 1 - behind] < 0xf0 ? 3 : 4;
	return behind + 1 < len ? n - 1 - behind : n;
}

void
utf8_replace_invalid(char *text)
{
	size_t n = strlen(text);

	for (size_t at = 0; (at += utf8_valid_length(text + at, n - at)) < n;)
		text[at] = '?';
}

void
utf8_make_line(char *text)
{
	utf8_replace_invalid(text);
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = ' ';
}

char *
utf8_copy_line(const char *text, size_t n, size_t max)
{
	char *line = buf_alloc(max + 1);
	size_t k = 0;

	for (size_t i = 0; i < n && text[i]; i++) {
		bool blank = (unsigned char)text[i] <= ' ' || text[i] == 0x7f;

		if (blank && (k == 0 || line[k - 1] == ' '))
			continue;
		if (k == max) {
			k = utf8_whole_length(line, k);
			break;
		}
		line[k++] = blank ? ' ' : text[i];
	}
	while (k > 0 && line[k - 1] == ' ')
		k--;
	line[k] = '\0';
	utf8_replace_invalid(line);
	return buf_realloc(line, k + 1);
}
