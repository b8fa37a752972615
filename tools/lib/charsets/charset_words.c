#include "charsets/charset_words.h"

#include <stdbool.h>
#include <wchar.h>
#include <wctype.h>

#include "base/utf8.h"

/* Letters that no language with the set writes often, which are others in Mac Roman. */
static bool
is_rare(uint32_t c)
{
	return wcschr(L"šžŠŽŸªº", (wchar_t)c) != NULL;
}

static bool
is_letter(uint32_t c)
{
	return iswalpha((wint_t)c) != 0;
}

/* Signs that stand within words. */
static bool
is_joiner(uint32_t c)
{
	return c == 0xad || c == 0xb7 || c == 0x2018 || c == 0x2019;
}

/* The fault of a character beyond ASCII between two others, which are blanks at the ends of the text. */
static double
fault_of(uint32_t before, uint32_t c, uint32_t after, bool western)
{
	if (c == 0xfffd || (c >= 0x80 && c < 0xa0))
		return 2;
	if (is_letter(c)) {
		double fault = western && is_rare(c) ? 0.5 : 0;

		if (iswupper((wint_t)c) && iswlower((wint_t)before))
			fault += 1;
		if (before >= '0' && before <= '9')
			fault += 0.8;
		return fault + (iswlower((wint_t)c) && iswupper((wint_t)before) && iswupper((wint_t)after) ? 1 : 0);
	}
	if (is_letter(before) && is_letter(after))
		return is_joiner(c) ? 0 : 1;
	if (c >= 0x2500 && c < 0x2600) /* frames */
		return 1;
	if ((c == 0xbf || c == 0xa1) && is_letter(after) && !is_letter(before))
		return 0; /* Spanish questions */
	return wcschr(L"¤¦¨¯´¸¹²³¼½¾¬±µ¶†‡ˆ˜¿¡∂∆∏π∫√∞≠≤≥≈◊Ω", (wchar_t)c) ? 0.7 : 0;
}

double
charset_words_faults(const struct charsets *c, int charset, const char *bytes, size_t n)
{
	bool western = charset == charset_of(c, "windows-1252", 12);
	uint32_t before = ' ', at = ' ', after;
	struct buf text = {0};
	size_t count = 0;
	double faults = 0;

	charset_convert(c, charset, bytes, n, &text);
	for (size_t i = 0, len; i <= text.len; i += len) {
		len = utf8_decode(text.data + i, text.len - i, &after);
		if (len == 0) {
			after = ' ';
			len = 1;
		}
		if (at >= 0x80) {
			count++;
			faults += fault_of(before, at, after, western);
		}
		before = at;
		at = after;
	}
	buf_free(&text);
	return count ? faults / (double)count : 0;
}
