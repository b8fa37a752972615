#include "office/xlsx_book.h"

#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/words.h"
#include "office/number_format.h"
#include "xml.h"

enum { FORMATS = 1 << 16, STRINGS = 1 << 22 };

struct code {
	long id;
	char *code;
};

struct reading {
	struct xlsx_book *b;
	struct buf text;      /* of the current string */
	unsigned ignore;      /* depth below a phonetic run */
	bool in_text, in_xfs; /* the list of cell styles */
	struct code *codes;   /* the workbook's own codes */
	size_t code_count;
};

/* The character of _xHHHH_, -1 if S does not begin with one. */
static long
escaped_character(const char *s, size_t n)
{
	long c = 0;

	if (n < 7 || s[0] != '_' || s[1] != 'x' || s[6] != '_')
		return -1;
	for (size_t i = 2; i < 6; i++) {
		if (hex_value(s[i]) < 0)
			return -1;
		c = c * 16 + hex_value(s[i]);
	}
	return c;
}

void
xlsx_text_put(const char *s, size_t n, struct buf *out)
{
	for (size_t i = 0; i < n;) {
		const char *mark = memchr(s + i, '_', n - i);
		size_t plain = mark ? (size_t)(mark - s) - i : n - i;
		long c;

		buf_add(out, s + i, plain);
		i += plain;
		if (i == n)
			break;
		c = escaped_character(s + i, n - i);
		if (c < 0 || c > 0x7f)
			buf_str(out, "_");
		else
			buf_add(out, c < ' ' ? " " : &(char){(char)c}, 1);
		i += c < 0 || c > 0x7f ? 1 : 7;
	}
}

/* --- strings --- */

static void
strings_begin(void *arg, const char *name, const char **attributes)
{
	struct reading *x = arg;

	(void)attributes;
	if (x->ignore || strcmp(name, "rPh") == 0)
		x->ignore++;
	else if (strcmp(name, "t") == 0)
		x->in_text = true;
}

static void
strings_end(void *arg, const char *name)
{
	struct reading *x = arg;
	struct xlsx_book *b = x->b;

	if (x->ignore) {
		x->ignore--;
	} else if (strcmp(name, "t") == 0) {
		x->in_text = false;
	} else if (strcmp(name, "si") == 0 && b->string_count < STRINGS) {
		b->strings = buf_grow(b->strings, b->string_count, sizeof(*b->strings));
		b->strings[b->string_count++] = b->texts.len;
		xlsx_text_put(x->text.data ? x->text.data : "", x->text.len, &b->texts);
		buf_add(&b->texts, "", 1);
		buf_clear(&x->text);
	}
}

static void
strings_text(void *arg, const char *s, size_t n)
{
	struct reading *x = arg;

	if (x->in_text && !x->ignore)
		buf_add(&x->text, s, n);
}

/* --- styles --- */

static void
add_code(struct reading *x, const char *id, const char *code)
{
	if (x->code_count == FORMATS)
		return;
	x->codes = buf_grow(x->codes, x->code_count, sizeof(*x->codes));
	x->codes[x->code_count++] = (struct code){strtol(id, NULL, 10), buf_strdup(code)};
}

static int
compare_codes(const void *a, const void *b)
{
	const struct code *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

static void
add_style(struct reading *x, const char *id)
{
	struct xlsx_book *b = x->b;
	struct code key = {.id = id ? strtol(id, NULL, 10) : 0};
	const struct code *own =
		x->code_count ? bsearch(&key, x->codes, x->code_count, sizeof(key), compare_codes) : NULL;
	const char *code = own ? own->code : number_format_builtin(key.id);

	if (b->format_count == FORMATS)
		return;
	b->formats = buf_grow(b->formats, b->format_count, sizeof(*b->formats));
	b->formats[b->format_count++] = strcmp(code, "General") == 0 ? NULL : buf_strdup(code);
}

static void
styles_begin(void *arg, const char *name, const char **attributes)
{
	struct reading *x = arg;
	const char *id = xml_attribute(attributes, "numFmtId"), *code = xml_attribute(attributes, "formatCode");

	if (strcmp(name, "numFmt") == 0 && id && code)
		add_code(x, id, code);
	else if (strcmp(name, "cellXfs") == 0 && !x->in_xfs) {
		x->in_xfs = true;
		if (x->code_count)
			qsort(x->codes, x->code_count, sizeof(*x->codes), compare_codes);
	} else if (strcmp(name, "xf") == 0 && x->in_xfs)
		add_style(x, id);
}

static void
styles_end(void *arg, const char *name)
{
	struct reading *x = arg;

	if (strcmp(name, "cellXfs") == 0)
		x->in_xfs = false;
}

void
xlsx_book_read(struct xlsx_book *b, const struct member_one *strings, const struct member_one *styles)
{
	struct reading x = {.b = b};

	if (strings)
		b->damaged = !xml_read(
			&(struct xml_reader){
				.begin = strings_begin, .end = strings_end, .text = strings_text, .arg = &x},
			strings->bytes, strings->n);
	if (styles && !xml_read(&(struct xml_reader){.begin = styles_begin, .end = styles_end, .arg = &x},
				styles->bytes, styles->n))
		b->damaged = true;
	for (size_t i = 0; i < x.code_count; i++)
		free(x.codes[i].code);
	free(x.codes);
	buf_free(&x.text);
}

void
xlsx_book_free(struct xlsx_book *b)
{
	for (size_t i = 0; i < b->format_count; i++)
		free(b->formats[i]);
	free(b->formats);
	free(b->strings);
	buf_free(&b->texts);
}

const char *
xlsx_book_format(const struct xlsx_book *b, size_t style)
{
	const char *code = style < b->format_count ? b->formats[style] : NULL;

	return code ? code : "General";
}
