#include "charsets/charset_guess.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>
#include <uchardet.h>

#include "charsets/charset_words.h"

enum {
	GUESS = 1 << 20, /* bytes from which the character set is guessed */
	SAMPLE = 64 << 10,
};

static int
named(const struct charsets *c, const char *name)
{
	/* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): choose() gets a set with a name, "" at least */
	return charset_of(c, name, strlen(name));
}

/* --- ISO-2022 --- */

int
charset_guess_escaped(const struct charsets *c, const char *bytes, size_t n)
{
	static const char *const escapes[][2] = {{"\x1b$@", "iso-2022-jp"},  {"\x1b$B", "iso-2022-jp"},
						 {"\x1b$(D", "iso-2022-jp"}, {"\x1b(J", "iso-2022-jp"},
						 {"\x1b$)C", "iso-2022-kr"}, {"\x1b$)A", "iso-2022-cn"},
						 {"\x1b$)G", "iso-2022-cn"}};
	const char *first = memchr(bytes, '\x1b', n < GUESS ? n : GUESS);

	for (size_t i = 0; first && i < n; i++)
		if ((unsigned char)bytes[i] >= 0x80)
			return CHARSET_NONE;
	for (size_t i = 0; first && i < sizeof(escapes) / sizeof(escapes[0]); i++)
		if (memmem(bytes, n, escapes[i][0], strlen(escapes[i][0])))
			return named(c, escapes[i][1]);
	return CHARSET_NONE;
}

/* --- UTF-16 and UTF-32 --- */

static uint32_t
unit(const unsigned char *s, size_t size, bool little)
{
	uint32_t value = 0;

	for (size_t i = 0; i < size; i++)
		value = value << 8 | s[little ? size - 1 - i : i];
	return value;
}

/* Characters that texts have, of the scripts that are in use. */
static bool
is_usual(uint32_t u)
{
	static const uint32_t blocks[][2] = {{0x20, 0x7e},       {0xa0, 0x24f},    {0x300, 0x6ff},   {0x900, 0x11ff},
					     {0x1e00, 0x1fff},   {0x2010, 0x2027}, {0x2030, 0x205e}, {0x20a0, 0x20bf},
					     {0x2190, 0x21ff},   {0x2200, 0x22ff}, {0x2500, 0x26ff}, {0x3000, 0x312f},
					     {0x4e00, 0x9fa5},   {0xac00, 0xd7a3}, {0xd800, 0xdfff}, {0xff00, 0xffef},
					     {0x10000, 0x10ffff}};

	if (u == '\t' || u == '\n' || u == '\r' || u == '\f')
		return true;
	for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++)
		if (u >= blocks[i][0] && u <= blocks[i][1])
			return true;
	return false;
}

/* White space and punctuation that nearly every text has. */
static bool
is_frequent(uint32_t u)
{
	return u == ' ' || u == '\n' || u == '.' || u == ',' || u == 0x3001 || u == 0x3002 || u == 0xff0c;
}

struct reading {
	size_t units, usual, frequent;
	size_t scripts; /* units of scripts such as Greek that are not in the block of 256 of the one before */
};

static struct reading
read_wide(const unsigned char *s, size_t n, size_t size, bool little)
{
	struct reading r = {.units = n / size};
	uint32_t before = 0;

	for (size_t i = 0; i < r.units; i++) {
		uint32_t u = unit(s + i * size, size, little);

		r.usual += is_usual(u) && !(size == 4 && u >= 0xd800 && u < 0xe000);
		r.frequent += is_frequent(u);
		if (u >= 0x250 && u >> 8 != 0x1e && (u < 0x2000 || u > 0xd7ff)) {
			r.scripts += before != 0 && u >> 8 != before >> 8;
			before = u;
		}
	}
	return r;
}

static bool
is_text(const struct reading *r, const struct reading *other, bool sure)
{
	return r->units >= 2 && r->usual >= r->units - r->units / 50 && r->scripts <= r->units / 10 &&
	       (r->frequent > other->frequent || (sure && other->usual < r->usual - r->usual / 10));
}

/* Bytes that texts of one byte a character do not have. */
static size_t
count_controls(const unsigned char *s, size_t n)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		count += s[i] < 0x20 && !strchr("\t\n\r\f\x1b", s[i] ? s[i] : 1);
	return count;
}

int
charset_guess_wide(const struct charsets *c, const char *bytes, size_t n)
{
	const unsigned char *s = (const unsigned char *)bytes;
	struct reading little, big;
	size_t whole = n, controls;

	n = n < SAMPLE ? n : SAMPLE;
	controls = count_controls(s, n);
	if (whole % 4 == 0 && controls >= n / 4) {
		little = read_wide(s, n, 4, true);
		big = read_wide(s, n, 4, false);
		if (little.usual == little.units)
			return named(c, "utf-32le");
		if (big.usual == big.units)
			return named(c, "utf-32be");
	}
	if (whole % 2 != 0 || controls == 0)
		return CHARSET_NONE;
	little = read_wide(s, n, 2, true);
	big = read_wide(s, n, 2, false);
	if (is_text(&little, &big, controls > n / 20))
		return named(c, "utf-16le");
	return is_text(&big, &little, controls > n / 20) ? named(c, "utf-16be") : CHARSET_NONE;
}

/* --- the rest --- */

/* What uchardet calls otherwise than browsers do, and for what else it may be taken. Letters of the C library's names.
 */
static const struct candidate {
	const char *name, *label; /* NULL: the name */
	const char *others[4];    /* better ones first, where the text makes equally good words */
} candidates[] = {
	{"", "windows-1252", {"macintosh", "windows-1250"}},
	{"ASCII", "windows-1252", {"macintosh", "windows-1250"}},
	{"WINDOWS-1252", NULL, {"macintosh", "iso-8859-15", "windows-1250", "iso-8859-2"}},
	{"ISO-8859-1", "windows-1252", {"macintosh", "iso-8859-15", "windows-1250", "iso-8859-2"}},
	{"ISO-8859-15", "windows-1252", {"macintosh", "iso-8859-15", "windows-1250"}},
	{"ISO-8859-3", "windows-1252", {"macintosh", "windows-1254", "iso-8859-3"}},
	{"ISO-8859-4", NULL, {"windows-1252", "macintosh", "windows-1257"}},
	{"ISO-8859-9", "windows-1254", {"windows-1252", "macintosh"}},
	{"WINDOWS-1254", NULL, {"windows-1252", "macintosh"}},
	{"ISO-8859-10", "windows-1252", {"iso-8859-4", "macintosh"}},
	{"ISO-8859-13", "windows-1257", {"windows-1252", "macintosh", "iso-8859-4"}},
	{"WINDOWS-1257", NULL, {"windows-1252", "macintosh", "iso-8859-4"}},
	{"ISO-8859-16", "windows-1250", {"iso-8859-2", "windows-1252", "macintosh"}},
	{"WINDOWS-1250", NULL, {"iso-8859-2", "windows-1252", "macintosh"}},
	{"ISO-8859-2", NULL, {"windows-1250", "windows-1252", "macintosh"}},
	{"WINDOWS-1258", "windows-1252", {"macintosh", "windows-1258"}},
	{"VISCII", "windows-1252", {"macintosh"}},
	{"MAC-CENTRALEUROPE", "macintosh", {"x-mac-ce", "windows-1252"}},
	{"IBM852", "windows-1252", {"macintosh", "ibm852"}},
	{"IBM865", "windows-1252", {"macintosh", "ibm865"}},
	{"MAC-CYRILLIC", "x-mac-cyrillic", {"windows-1251"}},
	{"WINDOWS-1251", NULL, {"x-mac-cyrillic"}},
	{"KOI8-R", NULL, {"koi8-u"}},
	{"IBM855", NULL, {"ibm866", "windows-1251"}},
	{"UHC", "windows-949", {NULL}},
	{"EUC-TW", "big5", {NULL}},
	{"HZ-GB-2312", "gb18030", {NULL}},
};

/* Whether two sets have most letters in common, so that the few others decide. */
static bool
is_akin(const char *a, const char *b)
{
	static const char *const kin[][2] = {{"windows-1252", "iso-8859-15"},
					     {"windows-1250", "iso-8859-2"},
					     {"koi8-r", "koi8-u"},
					     {"windows-1251", "x-mac-cyrillic"}};

	for (size_t i = 0; i < sizeof(kin) / sizeof(kin[0]); i++)
		if ((strcasecmp(a, kin[i][0]) == 0 && strcasecmp(b, kin[i][1]) == 0) ||
		    (strcasecmp(a, kin[i][1]) == 0 && strcasecmp(b, kin[i][0]) == 0))
			return true;
	return false;
}

/* Chooses the set in which the text makes the best words. Another than uchardet's must be clearly better. */
static int
choose(const struct charsets *c, const struct candidate *of, const char *bytes, size_t n, double *best)
{
	const char *label = of->label ? of->label : of->name;
	int charset = named(c, label);

	n = n < SAMPLE ? n : SAMPLE;
	*best = charset < 0 ? 9 : charset_words_faults(c, charset, bytes, n);
	for (size_t i = 0; i < sizeof(of->others) / sizeof(of->others[0]) && of->others[i]; i++) {
		int other = named(c, of->others[i]);
		double faults = other < 0 ? 9 : charset_words_faults(c, other, bytes, n);

		if (faults < *best - (is_akin(label, of->others[i]) ? 0 : 0.1)) {
			charset = other;
			label = of->others[i];
			*best = faults;
		}
	}
	return charset;
}

static const struct candidate *
find_candidate(const char *name)
{
	for (size_t i = 0; i < sizeof(candidates) / sizeof(candidates[0]); i++)
		if (strcasecmp(name, candidates[i].name) == 0)
			return &candidates[i];
	return NULL;
}

/* Guesses from few letters are right less often, and those that leave signs in words are wrong as often as not. */
double
charset_guess_confidence(const char *bytes, size_t n, double faults)
{
	size_t high = 0;

	for (size_t i = 0; i < n && high < 100; i++)
		high += (unsigned char)bytes[i] >= 0x80;
	if (faults > 0.2)
		return 0.4;
	return high < 8 ? 0.8 : high < 30 ? 0.9 : 0.95;
}

int
charset_guess(const struct charsets *c, const char *bytes, size_t n, double *confidence)
{
	const struct candidate *of;
	struct candidate plain = {NULL, NULL, {NULL}};
	uchardet_t detector = uchardet_new();
	double faults;
	int charset;

	n = n < GUESS ? n : GUESS;
	if (detector && uchardet_handle_data(detector, bytes, n) == 0) {
		uchardet_data_end(detector);
		plain.name = uchardet_get_charset(detector);
	}
	if (detector && plain.name && named(c, plain.name) == CHARSET_UTF8) { /* some of its bytes are damaged */
		uchardet_delete(detector);
		*confidence = charset_guess_confidence(bytes, n, 0);
		return CHARSET_UTF8;
	}
	of = find_candidate(plain.name ? plain.name : "");
	if (!of)
		of = &plain;
	charset = choose(c, of, bytes, n, &faults);
	if (charset < 0)
		charset = choose(c, find_candidate(""), bytes, n, &faults);
	*confidence = charset_guess_confidence(bytes, n, faults);
	if (detector)
		uchardet_delete(detector);
	return charset;
}
