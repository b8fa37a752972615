/*
 * Text out of the HTML that credits are written in, and text that can stand in a line.
 *
 * No HTML parser: what comes in is a few words with links, and what comes out is escaped again wherever it is shown, so
 * that a tag which is taken for text is ugly and no more.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/utf8.h"
#include "review/credit.h"

struct entity {
	const char *name;
	uint32_t c;
};

static const struct entity entities[] = {
	{"amp", '&'},      {"lt", '<'},        {"gt", '>'},       {"quot", '"'},     {"apos", '\''},
	{"nbsp", ' '},     {"copy", 0xa9},     {"reg", 0xae},     {"trade", 0x2122}, {"ndash", 0x2013},
	{"mdash", 0x2014}, {"hellip", 0x2026}, {"lsquo", 0x2018}, {"rsquo", 0x2019}, {"ldquo", 0x201c},
	{"rdquo", 0x201d}, {"laquo", 0xab},    {"raquo", 0xbb},   {"middot", 0xb7},  {"bull", 0x2022},
	{"times", 0xd7},   {"deg", 0xb0},      {"auml", 0xe4},    {"ouml", 0xf6},    {"uuml", 0xfc},
	{"Auml", 0xc4},    {"Ouml", 0xd6},     {"Uuml", 0xdc},    {"szlig", 0xdf},   {"eacute", 0xe9},
	{"egrave", 0xe8},  {"ecirc", 0xea},    {"euml", 0xeb},    {"agrave", 0xe0},  {"aacute", 0xe1},
	{"acirc", 0xe2},   {"aring", 0xe5},    {"aelig", 0xe6},   {"ccedil", 0xe7},  {"iacute", 0xed},
	{"ntilde", 0xf1},  {"oacute", 0xf3},   {"oslash", 0xf8},  {"uacute", 0xfa},  {"Eacute", 0xc9},
	{"thinsp", ' '},   {"ensp", ' '},      {"emsp", ' '},     {"lrm", 0x200e},   {"rlm", 0x200f},
};

static void
add_character(struct buf *out, uint32_t c)
{
	static const unsigned char heads[] = {0, 0xc0, 0xe0, 0xf0};
	unsigned char s[4];
	size_t n;

	if (c == 0 || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		c = '?';
	n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	for (size_t i = n; i-- > 1; c >>= 6)
		s[i] = (unsigned char)(0x80 | (c & 0x3f));
	s[0] = (unsigned char)(heads[n - 1] | c);
	buf_add(out, s, n);
}

/* Decodes the entity at P, which is '&'. Returns its length; 0 if it is not an entity. */
static size_t
decode_entity(struct buf *out, const char *p)
{
	size_t n = 1 + strspn(p + 1, "#0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");

	if (p[n] != ';' || n < 3 || n > 12)
		return 0;
	if (p[1] == '#') {
		bool hex = p[2] == 'x' || p[2] == 'X';
		char *end;
		unsigned long c = strtoul(p + (hex ? 3 : 2), &end, hex ? 16 : 10);

		if (end != p + n || end == p + 2 + hex)
			return 0;
		add_character(out, c > 0x10ffff ? 0 : (uint32_t)c);
		return n + 1;
	}
	for (size_t i = 0; i < sizeof(entities) / sizeof(*entities); i++)
		if (strlen(entities[i].name) == n - 1 && memcmp(entities[i].name, p + 1, n - 1) == 0) {
			add_character(out, entities[i].c);
			return n + 1;
		}
	return 0;
}

/* The length of the tag at P, which is '<', up to and including the '>' outside of quotes; 0 if it is not a tag. */
static size_t
tag_length(const char *p)
{
	char quote = '\0';
	const char *q = p + 1;

	if (strncmp(p, "<!--", 4) == 0) {
		q = strstr(p + 4, "-->");
		return q ? (size_t)(q - p) + 3 : strlen(p);
	}
	q += *q == '/' || *q == '!';
	if (!((*q | 0x20) >= 'a' && (*q | 0x20) <= 'z'))
		return 0;
	for (; *q; q++) {
		if (quote)
			quote = *q == quote ? '\0' : quote;
		else if (*q == '"' || *q == '\'')
			quote = *q;
		else if (*q == '>')
			return (size_t)(q - p) + 1;
	}
	return 0;
}

static size_t
name_length(const char *name)
{
	return strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
}

static bool
is_name(const char *name, size_t n, const char *const *names)
{
	for (; *names; names++)
		if (strlen(*names) == n && strncasecmp(name, *names, n) == 0)
			return true;
	return false;
}

/* Whether the tag of N bytes at P opens an invisible element: a script, or one with display: none. */
static bool
opens_hidden(const char *p, size_t n)
{
	static const char *const unseen[] = {"script", "style", "template", "noscript", NULL};
	static const char *const single[] = {"br", "img", "hr", "wbr", "input", "meta", "link", NULL};
	char squeezed[512];
	size_t k = 0;

	if (p[1] == '/' || p[1] == '!' || p[n - 2] == '/' || is_name(p + 1, name_length(p + 1), single))
		return false;
	if (is_name(p + 1, name_length(p + 1), unseen))
		return true;
	for (size_t i = 0; i < n && k < sizeof(squeezed) - 1; i++)
		if (p[i] != ' ')
			squeezed[k++] = p[i];
	squeezed[k] = '\0';
	return strcasestr(squeezed, "display:none") != NULL;
}

/* The position after the element that the tag at P opens; elements of the same name may be nested in it. */
static const char *
behind_element(const char *p)
{
	const char *name = p + 1;
	size_t n = name_length(name), depth = 0;

	while (*p) {
		size_t tag = *p == '<' ? tag_length(p) : 0;
		bool closes = tag && p[1] == '/';

		if (tag && strncasecmp(p + 1 + closes, name, n) == 0 && name_length(p + 1 + closes) == n)
			depth += closes ? -1UL : 1;
		p += tag ? tag : 1;
		if (depth == 0)
			break;
	}
	return p;
}

void
credit_text(struct buf *out, const char *html)
{
	static const char *const within[] = {"a",    "b",    "i",   "em",   "strong", "span", "bdi", "bdo",
					     "font", "sup",  "sub", "u",    "small",  "big",  "tt",  "code",
					     "abbr", "cite", "s",   "mark", "q",      "wbr",  NULL};
	struct buf text = {0};

	for (const char *p = html; *p;) {
		size_t n = *p == '<' ? tag_length(p) : *p == '&' ? decode_entity(&text, p) : 0;

		if (n && *p == '<') {
			const char *name = p + 1 + (p[1] == '/');

			if (!is_name(name, name_length(name), within))
				buf_str(&text, " ");
			p = opens_hidden(p, n) ? behind_element(p) : p + n;
		} else if (n) {
			p += n;
		} else {
			buf_add(&text, p++, 1);
		}
	}
	if (text.len)
		credit_clean(out, text.data);
	buf_free(&text);
}

/* Whether the character C is not shown, and whether it counts as white SPACE. Marks of direction are shown:
 * right-to-left names need them. */
static bool
is_unshown(uint32_t c, bool *space)
{
	enum utf8_class class = utf8_class_of(c);

	*space = c == ' ' || c == 0xa0 || class == UTF8_CONTROL || class == UTF8_BREAK;
	return *space || class == UTF8_OVERRIDE || class == UTF8_UNSEEN;
}

void
credit_clean(struct buf *out, const char *text)
{
	char *mended = buf_strdup(text);
	bool pending = false, space;
	size_t start = out->len, left = strlen(text), n;
	uint32_t c = 0;

	utf8_replace_invalid(mended);
	buf_str(out, "");
	for (const char *p = mended; left > 0; p += n, left -= n) {
		n = utf8_decode(p, left, &c);
		if (is_unshown(c, &space)) {
			pending = pending || space;
			continue;
		}
		if (pending && out->len > start)
			buf_str(out, " ");
		pending = false;
		buf_add(out, p, n);
	}
	free(mended);
}
