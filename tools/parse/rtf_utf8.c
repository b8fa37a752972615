#include "rtf_utf8.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

enum {
	DEPTH = 1000,
	FONTS = 32768,
	WORD = 33,
	FIELD = 4096, /* bytes of its instruction */
	BEHIND = 64,  /* bytes behind the last group that are no text */
};

struct group {
	int charset;
	long substitute; /* units behind \uN */
	bool fonts;      /* this is the table of fonts */
	bool styles;     /* the styles */
	bool deleted;    /* the text of a tracked change */
	bool plain;      /* a field that is no link: its result is text */
	bool braced;     /* a brace more is due at its end */
};

struct rtf {
	const struct charsets *charsets;
	const char *at, *end;
	struct buf *out;
	struct rtf_found found;
	struct buf bytes; /* of a code page, not yet converted */
	struct group groups[DEPTH];
	size_t depth;
	int file;       /* the character set of the file */
	int *font;      /* the sets of the fonts; CHARSET_NONE: the file's */
	size_t defined; /* the font that is being defined */
	uint32_t high;  /* the first half of a surrogate pair, or 0 */
	long skip;      /* units of a substitute that are still to come */
	bool in_cell;   /* the paragraph is a part of a table */
};

/* --- character sets --- */

static int
named(const struct rtf *x, const char *label)
{
	return charset_of(x->charsets, label, strlen(label));
}

static int
of_code_page(const struct rtf *x, long page)
{
	static const struct {
		long page;
		const char *label;
	} pages[] = {{437, "ibm850"}, {850, "ibm850"}, {852, "ibm852"}, {866, "ibm866"},      {932, "shift_jis"},
		     {936, "gbk"},    {949, "euc-kr"}, {950, "big5"},   {10000, "macintosh"}, {65001, "utf-8"}};
	char label[32];

	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++)
		if (pages[i].page == page)
			return named(x, pages[i].label);
	snprintf(label, sizeof(label), "windows-%ld", page);
	return named(x, label);
}

/* \fcharset: the numbers of GDI. */
static int
of_font_charset(const struct rtf *x, long number)
{
	static const short pages[][2] = {{77, 10000}, {128, 932},  {129, 949},  {134, 936},  {136, 950},
					 {161, 1253}, {162, 1254}, {163, 1258}, {177, 1255}, {178, 1256},
					 {186, 1257}, {204, 1251}, {222, 874},  {238, 1250}, {255, 850}};

	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++)
		if (pages[i][0] == number)
			return of_code_page(x, pages[i][1]);
	return CHARSET_NONE;
}

static bool
has_two_bytes(const struct rtf *x, int charset)
{
	static const char *const labels[] = {"shift_jis", "gbk", "euc-kr", "big5"};

	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++)
		if (charset >= 0 && named(x, labels[i]) == charset)
			return true;
	return false;
}

/* --- output --- */

static void
put_character(struct rtf *x, uint32_t c)
{
	char s[5] = "";

	if (x->groups[x->depth].deleted)
		return;
	if (c == '\\' || c == '{' || c == '}')
		buf_str(x->out, "\\");
	buf_add(x->out, s, utf8_encode(c, s));
}

static int
charset_now(const struct rtf *x)
{
	int charset = x->groups[x->depth].charset;

	return charset == CHARSET_NONE ? x->file : charset;
}

static void
flush(struct rtf *x)
{
	struct buf text = {0};
	uint32_t c;

	if (x->bytes.len == 0)
		return;
	charset_convert(x->charsets, charset_now(x), x->bytes.data, x->bytes.len, &text);
	for (size_t i = 0, n; i < text.len; i += n ? n : 1) {
		n = utf8_decode(text.data + i, text.len - i, &c);
		put_character(x, n ? c : 0xfffd);
	}
	buf_free(&text);
	buf_clear(&x->bytes);
}

/* Whether the bytes end in the first one of two. */
static bool
awaits_second(const struct rtf *x)
{
	bool first = false;

	if (x->bytes.len == 0 || !has_two_bytes(x, charset_now(x)))
		return false;
	for (size_t i = 0; i < x->bytes.len; i++) {
		unsigned char c = (unsigned char)x->bytes.data[i];
		bool single = c < 0x81 || (charset_now(x) == named(x, "shift_jis") && c >= 0xa0 && c < 0xe0);

		first = !first && !single;
	}
	return first;
}

static void
put_byte(struct rtf *x, char c)
{
	if (x->skip > 0)
		x->skip--;
	else
		buf_add(&x->bytes, &c, 1);
}

/* A UTF-16 unit, or as some write it, a whole character. */
static void
put_unit(struct rtf *x, long value)
{
	uint32_t c = (uint32_t)(value < 0 ? value + 0x10000 : value);

	flush(x);
	if (c >= 0xd800 && c < 0xdc00) {
		x->high = c;
	} else {
		if (x->high && c >= 0xdc00 && c < 0xe000)
			c = 0x10000 + ((x->high - 0xd800) << 10) + (c - 0xdc00);
		x->high = 0;
		put_character(x, (c >= 0xd800 && c < 0xe000) || c > 0x10ffff || c == 0 ? 0xfffd : c);
	}
	x->skip = x->groups[x->depth].substitute;
}

/* --- what pandoc does not take as it is --- */

/* Whether the word WORD is next, behind blanks. */
static bool
is_next(const struct rtf *x, const char *word)
{
	const char *s = x->at + strspn(x->at, " \r\n");
	size_t n = strlen(word);

	return *s == '\\' && strncmp(s + 1, word, n) == 0 && !isalpha((unsigned char)s[n + 1]);
}

/* Whether the field that begins is a link. */
static bool
is_link(const struct rtf *x)
{
	size_t left = (size_t)(x->end - x->at);
	const char *result;

	left = left < FIELD ? left : FIELD;
	result = memmem(x->at, left, "\\fldrslt", 8);
	return memmem(x->at, result ? (size_t)(result - x->at) : left, "HYPERLINK", 9) != NULL;
}

/* Writes other words, for which pandoc does what this one means. False: it stays. */
static bool
replace_word(struct rtf *x, const char *word)
{
	static const char *const words[][2] = {
		{"annotation", "\\footnote Comment: "}, /* after which pandoc has notes for comments, too */
		{"chftn", "\\nosupersub "},             /* a note's mark is no superscript, for pandoc makes one */
		{"shprslt", "\\*\\shprslt "},           /* the same box once more, for old programs */
		{"sp", "\\*\\sp "},                     /* its properties */
	};
	struct group *g = &x->groups[x->depth];

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(word, words[i][0]) == 0) {
			buf_str(x->out, words[i][1]);
			return true;
		}
	if (strcmp(word, "field") == 0)
		g->plain = !is_link(x);
	if (strcmp(word, "fldinst") == 0 && !g->plain && *x->at != '{') {
		buf_str(x->out, "\\fldinst{");
		g->braced = true;
		return true;
	}
	if (strcmp(word, "par") == 0 && x->in_cell) {
		buf_str(x->out, " "); /* Markdown has no cells with paragraphs */
		return true;
	}
	return (g->plain && (strcmp(word, "field") == 0 || strcmp(word, "fldrslt") == 0)) ||
	       (g->styles && (strcmp(word, "super") == 0 || strcmp(word, "sub") == 0));
}

static void
note_word(struct rtf *x, const char *word, bool on)
{
	struct group *g = &x->groups[x->depth];

	if (strcmp(word, "stylesheet") == 0)
		g->styles = true;
	else if (strcmp(word, "deleted") == 0)
		g->deleted = on;
	else if (strcmp(word, "pict") == 0)
		x->found.pictures = true;
	else if (strcmp(word, "intbl") == 0)
		x->in_cell = true;
	else if (strcmp(word, "pard") == 0)
		x->in_cell = false;
}

/* --- words --- */

/* What a control word changes. True: it is not written. */
static bool
take_word(struct rtf *x, const char *word, bool has_number, long number)
{
	struct group *g = &x->groups[x->depth];

	if (strcmp(word, "u") == 0 && has_number) {
		put_unit(x, number);
		return true;
	}
	if (strcmp(word, "uc") == 0) {
		g->substitute = has_number && number >= 0 ? number : 1;
		return true;
	}
	if (strcmp(word, "bin") == 0) {
		x->at += number > 0 && number < x->end - x->at ? number : number > 0 ? x->end - x->at : 0;
		return true;
	}
	note_word(x, word, !has_number || number != 0);
	if (replace_word(x, word))
		return true;
	if (strcmp(word, "v") == 0 && !(has_number && number == 0))
		x->found.hidden = true;
	else if (strncmp(word, "header", 6) == 0 || strncmp(word, "footer", 6) == 0)
		x->found.headers = x->found.headers || !word[6] || (strchr("lrf", word[6]) && !word[7]);
	else if (strcmp(word, "ansicpg") == 0 && of_code_page(x, number) != CHARSET_NONE)
		x->file = of_code_page(x, number);
	else if (strcmp(word, "mac") == 0)
		x->file = named(x, "macintosh");
	else if (strcmp(word, "pc") == 0 || strcmp(word, "pca") == 0)
		x->file = named(x, "ibm850");
	else if (strcmp(word, "fonttbl") == 0)
		g->fonts = true;
	else if (strcmp(word, "f") == 0 && g->fonts)
		x->defined = number >= 0 && number < FONTS ? (size_t)number : 0;
	else if (strcmp(word, "fcharset") == 0 && g->fonts)
		x->font[x->defined] = of_font_charset(x, number);
	else if (strcmp(word, "f") == 0 && number >= 0 && number < FONTS)
		g->charset = x->font[number];
	return false;
}

static void
read_word(struct rtf *x)
{
	const char *from = x->at - 1; /* the backslash */
	char word[WORD], *stop;
	size_t n = 0;
	bool has_number;
	long number;

	while (isalpha((unsigned char)*x->at) && n < WORD - 1)
		word[n++] = *x->at++;
	word[n] = '\0';
	has_number = isdigit((unsigned char)x->at[*x->at == '-']);
	number = has_number ? strtol(x->at, &stop, 10) : 0;
	if (has_number)
		x->at = stop;
	x->at += *x->at == ' ';
	if (x->skip > 0) {
		x->skip--;
		return;
	}
	/* The character set changes here, and so does what is before a \uN. */
	flush(x);
	n = (size_t)(x->at - from);
	if (!take_word(x, word, has_number, number))
		buf_add(x->out, from, n);
}

/* Notes, comments and boxes are marked as groups that a program may skip. */
static bool
starred_is_text(struct rtf *x)
{
	const char *at = x->at++; /* the star */
	bool text = is_next(x, "footnote") || is_next(x, "annotation") || is_next(x, "shpinst");

	x->at = at;
	return text;
}

static void
read_escape(struct rtf *x)
{
	if (isalpha((unsigned char)*x->at)) {
		read_word(x);
		return;
	}
	if (*x->at == '\'' && x->end - x->at >= 3) {
		char digits[3] = {x->at[1], x->at[2], '\0'};

		x->at += 3;
		if (isxdigit((unsigned char)digits[0]) && isxdigit((unsigned char)digits[1]))
			put_byte(x, (char)strtol(digits, NULL, 16));
		return;
	}
	if (x->at == x->end)
		return;
	if (x->skip > 0) {
		x->skip--;
	} else if (*x->at == '*' && starred_is_text(x)) {
		;
	} else if (strchr("\\{}", *x->at) && awaits_second(x)) {
		put_byte(x, *x->at);
	} else {
		flush(x);
		if (!x->groups[x->depth].deleted)
			buf_add(x->out, x->at - 1, 2);
	}
	x->at++;
}

/* False: the groups are too deep. */
static bool
read_brace(struct rtf *x, char brace)
{
	flush(x);
	x->skip = 0;
	if (brace == '}' && x->depth == 0)
		return true; /* before the first group */
	if (brace == '}' && x->groups[x->depth].braced)
		buf_str(x->out, "}");
	buf_add(x->out, &brace, 1);
	if (brace == '}') {
		x->depth--;
		return true;
	}
	if (x->depth + 1 == DEPTH)
		return false;
	x->groups[x->depth + 1] = x->groups[x->depth];
	x->depth++;
	x->groups[x->depth].braced = false;
	return true;
}

static bool
read_all(struct rtf *x)
{
	while (x->at < x->end) {
		char c = *x->at++;

		if (c == '{' || c == '}') {
			if (!read_brace(x, c))
				return false;
			if (x->depth == 0)
				break;
		} else if (c == '\\') {
			read_escape(x);
		} else if (c == '\r' || c == '\n' || c == '\0') {
			if (x->bytes.len == 0 && c)
				buf_add(x->out, &c, 1);
		} else if ((unsigned char)c >= 0x80 || x->skip > 0 || awaits_second(x)) {
			put_byte(x, c);
		} else {
			flush(x);
			if (!x->groups[x->depth].deleted)
				buf_add(x->out, &c, 1);
		}
	}
	return true;
}

bool
rtf_utf8(const struct charsets *c, const char *rtf, size_t n, struct buf *out, struct rtf_found *found)
{
	struct rtf *x = buf_alloc(sizeof(*x));
	bool read;

	*x = (struct rtf){.charsets = c, .at = rtf, .end = rtf + n, .out = out};
	x->file = named(x, "windows-1252");
	x->font = buf_alloc(FONTS * sizeof(*x->font));
	for (size_t i = 0; i < FONTS; i++)
		x->font[i] = CHARSET_NONE;
	x->groups[0] = (struct group){.charset = CHARSET_NONE, .substitute = 1};
	read = read_all(x);
	flush(x);
	x->found.shapes = memmem(rtf, n, "gtextUNICODE", 12) != NULL;
	x->found.cut = x->depth > 0 || x->end - x->at > BEHIND;
	*found = x->found;
	for (; read && x->depth > 0; x->depth--)
		buf_str(out, x->groups[x->depth].braced ? "}}" : "}");
	buf_free(&x->bytes);
	free(x->font);
	free(x);
	return read;
}
