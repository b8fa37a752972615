/* Web pages and all kinds of text: Markdown, JSON, tables, source code. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/utf8.h"
#include "charsets/charset.h"
#include "charsets/charset_guess.h"
#include "formats.h"
#include "html/tree.h"
#include "text/csv.h"
#include "text/subtitles.h"
#include "web/html.h"

enum {
	READ_MAX = 32 << 20, /* bytes of a file: 16 MiB of text as UTF-16 */
	PAGE_MAX = 16 << 20,
	HEAD = 1024,
	SURE = 3, /* characters of UTF-8, or invalid bytes, that are no accident */
};

static struct {
	struct charsets *charsets;
	struct tree *tree;
	struct buf raw, utf8;
} text;

void
text_load(void)
{
	text.charsets = charset_open();
	text.tree = tree_new();
}

/* The last character may be cut. */
static bool
is_utf8(const char *s, size_t n)
{
	size_t whole = utf8_whole_length(s, n), len = 1;
	uint32_t c;

	for (size_t i = 0; i < whole && len > 0; i += len)
		len = utf8_decode(s + i, whole - i, &c);
	return len > 0;
}

/* How many characters of valid UTF-8 longer than a byte the text has. */
static size_t
count_long_characters(const char *s, size_t n)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		count += ((unsigned char)s[i] & 0xc0) == 0xc0;
	return count;
}

/* How many characters the text has that stand for invalid bytes. */
static size_t
count_replacements(const char *s, size_t n)
{
	size_t count = 0;

	for (const char *at = s; (at = memmem(at, n - (size_t)(at - s), "\xef\xbf\xbd", 3)); at += 3)
		count++;
	return count;
}

static size_t
count_invalid(const char *s, size_t n)
{
	size_t count = 0;
	uint32_t c;

	for (size_t i = 0, len; i < n; i += len ? len : 1) {
		len = utf8_decode(s + i, n - i, &c);
		count += len == 0;
	}
	return count;
}

/* The character set of RAW, which is not UTF-8, from its bytes alone. */
static int
guess_charset(double *confidence)
{
	return charset_guess(text.charsets, text.raw.data, text.raw.len, confidence);
}

/* The character set that a text is read in, if it states CHARSET. A statement that the bytes contradict does not count:
 * valid UTF-8 with characters beyond ASCII is not text in another set by chance, and text of which more bytes are
 * invalid than half of the characters of UTF-8 in it is not UTF-8. One that has fewer is UTF-8 with damaged bytes, even
 * if nothing states it. */
static int
check_charset(int charset, double *confidence)
{
	bool utf8 = is_utf8(text.raw.data, text.raw.len);
	size_t longer = count_long_characters(text.raw.data, text.raw.len);
	bool western = charset == charset_of(text.charsets, "windows-1252", 12);

	if (utf8)
		return charset == CHARSET_NONE || longer >= (western ? 1 : SURE) ? CHARSET_UTF8 : charset;
	if (charset != CHARSET_NONE && charset != CHARSET_UTF8)
		return charset;
	return count_invalid(text.raw.data, text.raw.len) > longer / 2 ? guess_charset(confidence) : CHARSET_UTF8;
}

/* What the bytes are for certain, if nothing states it. */
static int
recognise_charset(void)
{
	int charset = charset_guess_wide(text.charsets, text.raw.data, text.raw.len);

	return charset != CHARSET_NONE ? charset : charset_guess_escaped(text.charsets, text.raw.data, text.raw.len);
}

static void
note_charset(struct doc *d, int charset, double confidence)
{
	if (charset < 0)
		return;
	doc_meta(d, "charset", charset_name(charset));
	if (confidence > 0)
		doc_meta_number(d, "charset_confidence", confidence);
}

/* The text of RAW as UTF-8, without a byte order mark; CHARSET is CHARSET_NONE if it is not given. */
static const struct buf *
decode_text(struct doc *d, int charset, size_t mark)
{
	int known = charset == CHARSET_NONE ? recognise_charset() : CHARSET_NONE;
	double confidence = 0;

	if (known != CHARSET_NONE)
		charset = known;
	else if (mark == 0)
		charset = check_charset(charset, &confidence);
	if (charset < 0) {
		buf_drop(&text.raw, mark);
		return &text.raw;
	}
	charset_convert(text.charsets, charset, text.raw.data + mark, text.raw.len - mark, &text.utf8);
	if (mark == 0 && count_replacements(text.utf8.data, text.utf8.len) > SURE) {
		size_t wrong = count_replacements(text.utf8.data, text.utf8.len);
		int guess = guess_charset(&confidence);

		charset_convert(text.charsets, guess, text.raw.data, text.raw.len, &text.utf8);
		if (count_replacements(text.utf8.data, text.utf8.len) >= wrong)
			charset_convert(text.charsets, charset, text.raw.data, text.raw.len, &text.utf8);
		else
			charset = guess;
	}
	note_charset(d, charset, confidence);
	return &text.utf8;
}

/* Whether it begins like a web page. */
static bool
looks_like_page(const char *s, size_t n, bool xml)
{
	char head[HEAD];
	const char *at = head;

	n = n < sizeof(head) - 1 ? n : sizeof(head) - 1;
	memcpy(head, s, n);
	for (size_t i = 0; i < n; i++)
		head[i] = head[i] ? head[i] : ' '; /* of UTF-16 */
	head[n] = '\0';
	while (*at && (isspace((unsigned char)*at) || (unsigned char)*at >= 0x80))
		at++;
	if (xml)
		return strcasestr(at, "<html") != NULL;
	return strncasecmp(at, "<!doctype html", 14) == 0 || strncasecmp(at, "<html", 5) == 0 ||
	       strncasecmp(at, "<head", 5) == 0 || (strncasecmp(at, "<?xml", 5) == 0 && strcasestr(at, "<html"));
}

static bool
is_page(const struct request *r)
{
	bool xml = strstr(r->mime, "xml") != NULL;

	if (strcmp(r->mime, "text/html") == 0 || strcmp(r->mime, "application/xhtml+xml") == 0)
		return true;
	if (request_is_named(r, " html htm xhtml xht "))
		return true;
	return !request_is_named(r, " md markdown txt c h js css py ") &&
	       looks_like_page(text.raw.data, text.raw.len, xml);
}

static bool
parse_page(const struct request *r, struct doc *d)
{
	size_t mark = 0;
	int charset = tree_charset(text.tree, text.charsets, &text.raw, r->type, &mark);
	const struct buf *utf8 = decode_text(d, charset, mark);
	bool xhtml = strcmp(r->mime, "application/xhtml+xml") == 0 || strncmp(utf8->data, "<?xml", 5) == 0;

	html_page(text.tree, utf8->data, utf8->len, r->url, xhtml, d);
	return true;
}

/* Converts line ends to LF in place. */
static size_t
tidy_lines(char *s, size_t n)
{
	size_t k = 0;

	for (size_t i = 0; i < n; i++)
		if (s[i] != '\r')
			s[k++] = s[i];
		else if (i + 1 == n || s[i + 1] != '\n')
			s[k++] = '\n';
	s[k] = '\0';
	return k;
}

/* The first heading of a Markdown text is its title. */
static void
take_title(struct doc *d, const char *s)
{
	for (const char *line = s; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, "# ", 2) == 0) {
			doc_set(&d->title, line + 2, strcspn(line + 2, "\n"));
			return;
		}
		if (line - s > 64 << 10)
			return;
	}
}

static bool
parse_plain(const struct request *r, struct doc *d)
{
	size_t mark = 0, lines = 0, n;
	int charset = charset_of_mark(text.charsets, text.raw.data, text.raw.len, &mark);
	struct buf *utf8;

	if (charset == CHARSET_NONE)
		charset = charset_of_type(text.charsets, r->type);
	if (charset == CHARSET_NONE && memchr(text.raw.data, '\0', text.raw.len) &&
	    recognise_charset() == CHARSET_NONE && strncmp(r->mime, "text/", 5) != 0)
		return false; /* these are no characters */
	utf8 = decode_text(d, charset, mark) == &text.raw ? &text.raw : &text.utf8;
	n = tidy_lines(utf8->data, utf8->len);
	for (size_t i = 0; i < n; i++)
		lines += utf8->data[i] == '\n' || i + 1 == n;
	d->kind = "text";
	doc_meta_number(d, "lines", (double)lines);
	if (request_is_named(r, " md markdown ") || strcmp(r->mime, "text/markdown") == 0)
		take_title(d, utf8->data);
	if ((!csv_is_named(r) || !csv_put(r, utf8->data, n, d)) && !subtitles_put(r, utf8->data, n, d))
		md_raw(&d->md, utf8->data, n);
	return true;
}

bool
text_parse(const struct request *r, struct doc *d)
{
	bool parsed, page;

	if (!request_read(r, d, READ_MAX, &text.raw, &d->truncated))
		return false;
	page = is_page(r);
	if (page && text.raw.len > PAGE_MAX) {
		text.raw.len = PAGE_MAX;
		text.raw.data[PAGE_MAX] = '\0';
		d->truncated = true;
	}
	parsed = page ? parse_page(r, d) : parse_plain(r, d);
	buf_free(&text.raw);
	buf_free(&text.utf8);
	return parsed;
}
