#include "charsets/charset_names.h"

#include <stdbool.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

#include "base/utf8.h"
#include "charsets/charset_guess.h"
#include "charsets/charset_words.h"

/* The sets that are tried, the likeliest first. A set of two bytes a character has the first bytes of its frequent
 * characters, and two others: of Japanese syllables, or signs. */
static const struct set {
	const char *label;
	enum { LATIN, CYRILLIC, WIDE, GUESSED } kind; /* GUESSED: WIDE, but only tried if it is the guess for texts */
	unsigned char first, last, kana[2];
} sets[] = {
	{"ibm437", LATIN, 0, 0, {0}},
	{"windows-1252", LATIN, 0, 0, {0}},
	{"ibm866", CYRILLIC, 0, 0, {0}},
	{"windows-1251", CYRILLIC, 0, 0, {0}},
	{"koi8-r", CYRILLIC, 0, 0, {0}},
	{"ibm850", LATIN, 0, 0, {0}},
	{"windows-1250", LATIN, 0, 0, {0}},
	{"ibm852", LATIN, 0, 0, {0}},
	{"shift_jis", WIDE, 0x88, 0x97, {0x82, 0x83}},
	{"gbk", WIDE, 0xb0, 0xd7, {0xa1, 0xa3}},
	{"big5", WIDE, 0xa4, 0xc6, {0xa1, 0xa2}},
	{"euc-kr", WIDE, 0xb0, 0xc8, {0xa1, 0xa3}},
	{"euc-jp", GUESSED, 0xb0, 0xcf, {0xa4, 0xa5}},
};

enum { SETS = sizeof(sets) / sizeof(sets[0]), RUN = 4, KOREAN = 4 };

/* --- sets of one byte a character --- */

/* Greek and Cyrillic are 1 and 2, ASCII and Latin letters are 3, other characters are 0. */
static int
script_of(uint32_t u)
{
	if (u >= 0x370 && u < 0x530)
		return u < 0x400 ? 1 : 2;
	return u < 0x250 && iswalpha((wint_t)u) ? 3 : 0;
}

/* What names seldom have: letters of two scripts side by side, many letters beyond ASCII in a row in Latin script, and
 * signs that stand where sets of the same script have letters. */
static size_t
count_rare(const struct buf *text)
{
	uint32_t before = ' ', u = 0;
	size_t run = 0, rare = 0;

	for (size_t i = 0, len; i < text->len; i += len, before = u) {
		int script, last = script_of(before);

		len = utf8_decode(text->data + i, text->len - i, &u);
		len = len ? len : 1;
		script = script_of(u);
		run = u >= 0x80 && (script == 0 || script == 3) ? run + 1 : 0;
		rare += run > RUN || (u >= 0x80 && wcschr(L"¢£¥₧§ˇ˘˙˛˝", (wchar_t)u)) ||
			(script && last && script != last);
	}
	return rare;
}

/* Whether there is hardly a vowel among the Cyrillic letters. */
static bool
lacks_vowels(const struct buf *text)
{
	size_t letters = 0, vowels = 0;
	uint32_t u = 0;

	for (size_t i = 0, len; i < text->len; i += len) {
		len = utf8_decode(text->data + i, text->len - i, &u);
		len = len ? len : 1;
		letters += script_of(u) == 2;
		vowels += script_of(u) == 2 && wcschr(L"аеиоуыэюяёіїє", (wchar_t)towlower((wint_t)u));
	}
	return letters >= 4 && vowels * 5 < letters;
}

static double
narrow_faults(const struct charsets *c, int charset, const char *bytes, size_t n)
{
	struct buf text = {0};
	size_t high = 0, rare;

	for (size_t i = 0; i < n; i++)
		high += (unsigned char)bytes[i] >= 0x80;
	charset_convert(c, charset, bytes, n, &text);
	rare = count_rare(&text) + (lacks_vowels(&text) ? high / 2 : 0);
	buf_free(&text);
	return charset_words_faults(c, charset, bytes, n) + (high ? (double)rare / (double)high : 0);
}

/* --- sets of two bytes a character --- */

/* Whether the character A, B is a frequent one of the set. */
static bool
is_frequent(const struct set *s, unsigned char a, unsigned char b)
{
	static const char marks[] = "\x40\x45\x5b\x75\x76"; /* behind 0x81: blank, point, prolongation, brackets */
	bool japanese = s->kana[1] == 0x83;

	if (japanese && a == 0x81)
		return strchr(marks, b ? b : 1) != NULL;
	if (japanese && a == 0x82)
		return b >= 0x9f; /* what is before are letters and digits of full width */
	return (a >= s->first && a <= s->last) || a == s->kana[0] || a == s->kana[1];
}

/* The part of the characters that are not frequent, or alone among ASCII. COUNT: how many there are. */
static double
wide_faults(const struct set *s, const struct charsets *c, int charset, const char *bytes, size_t n, size_t *count)
{
	const unsigned char *b = (const unsigned char *)bytes;
	struct buf text = {0};
	double rare = 0;
	size_t run = 0;

	*count = 0;
	for (size_t i = 0; i < n; i++) {
		if (b[i] < 0x80) {
			rare += run == 1 ? 0.5 : 0;
			run = 0;
			continue;
		}
		++*count;
		run++;
		rare += !is_frequent(s, b[i], i + 1 < n ? b[i + 1] : 0);
		i++;
	}
	charset_convert(c, charset, bytes, n, &text);
	for (char *at = text.data; (at = memmem(at, text.len - (size_t)(at - text.data), "\xef\xbf\xbd", 3)); at += 3)
		rare += 2;
	buf_free(&text);
	return *count ? rare / (double)*count : 0;
}

/* --- the choice --- */

static double
faults_of(const struct set *s, const struct charsets *c, int charset, const char *bytes, size_t n, size_t *count)
{
	*count = 0;
	return s && s->kind >= WIDE ? wide_faults(s, c, charset, bytes, n, count) : narrow_faults(c, charset, bytes, n);
}

static const struct set *
set_of(const struct charsets *c, int charset)
{
	for (size_t i = 0; i < SETS; i++)
		if (charset_of(c, sets[i].label, strlen(sets[i].label)) == charset)
			return &sets[i];
	return NULL;
}

/* The best set of the table, and its faults in *LEAST. Sets of two bytes fit by chance less often than those of Latin
 * letters. *TIE: others of them fit as well. */
static const struct set *
choose(const struct charsets *c, const char *bytes, size_t n, double *least, bool *tie)
{
	const struct set *best = NULL;

	*least = 9;
	*tie = false;
	for (const struct set *s = sets; s < sets + SETS; s++) {
		int charset = s->kind == GUESSED ? CHARSET_NONE : charset_of(c, s->label, strlen(s->label));
		size_t count = 0;
		double faults = charset == CHARSET_NONE ? 9 : faults_of(s, c, charset, bytes, n, &count);
		bool near = best && faults < *least + 0.1 && s->kind == WIDE;

		if (faults < *least - 0.1 || (near && best->kind == LATIN) ||
		    (near && s->last == 0xc8 && count >= KOREAN && faults < 0.05)) {
			*least = faults;
			best = s;
			*tie = false;
		} else if (near) {
			*tie = true;
		}
	}
	return best;
}

int
charset_names_guess(const struct charsets *c, const char *bytes, size_t n, double *confidence)
{
	bool tie;
	double likely, least, faults;
	const struct set *best = choose(c, bytes, n, &least, &tie);
	int guessed = charset_guess(c, bytes, n, &likely), found = charset_of(c, best->label, strlen(best->label));
	const struct set *s = guessed < 0 ? NULL : set_of(c, guessed);
	size_t count;

	/* Where others fit as well, the frequency of letters decides. */
	faults = guessed < 0 ? 9 : faults_of(s, c, guessed, bytes, n, &count);
	if (faults < least - 0.1 || (faults < least + 0.1 && s && s->kind != LATIN)) {
		found = guessed;
		least = faults;
		tie = false;
	}
	*confidence = charset_guess_confidence(bytes, n, least);
	return least > 0.2 || tie ? CHARSET_NONE : found;
}
