#include "web/script_text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/utf8.h"

/* The characters of Unicode for each of these; in the order of PLAIN. */
static const char plain[] = "0123456789+-=()n";
static const char *const super[] = {"\xe2\x81\xb0", "\xc2\xb9",     "\xc2\xb2",     "\xc2\xb3",
				    "\xe2\x81\xb4", "\xe2\x81\xb5", "\xe2\x81\xb6", "\xe2\x81\xb7",
				    "\xe2\x81\xb8", "\xe2\x81\xb9", "\xe2\x81\xba", "\xe2\x81\xbb",
				    "\xe2\x81\xbc", "\xe2\x81\xbd", "\xe2\x81\xbe", "\xe2\x81\xbf"};
static const char *const sub[] = {"\xe2\x82\x80", "\xe2\x82\x81", "\xe2\x82\x82", "\xe2\x82\x83",
				  "\xe2\x82\x84", "\xe2\x82\x85", "\xe2\x82\x86", "\xe2\x82\x87",
				  "\xe2\x82\x88", "\xe2\x82\x89", "\xe2\x82\x8a", "\xe2\x82\x8b",
				  "\xe2\x82\x8c", "\xe2\x82\x8d", "\xe2\x82\x8e", "\xe2\x82\x99"};

/* The character of PLAIN that TEXT begins with, and its length; NULL if it is another one. A minus sign counts as a
 * hyphen. */
static const char *
plain_at(const char *text, size_t *n)
{
	*n = 1;
	if (strncmp(text, "\xe2\x88\x92", 3) == 0) {
		*n = 3;
		return strchr(plain, '-');
	}
	return *text ? strchr(plain, *text) : NULL;
}

static bool
has_unicode(const char *text)
{
	for (size_t n; *text; text += n)
		if (!plain_at(text, &n))
			return false;
	return true;
}

/* Endings of ordinals and abbreviations in English, French and Spanish: 21st, 2e, 1er, Mlle, No. */
static bool
is_ordinal(const char *text)
{
	static const char *const endings[] = {
		"st",  "nd", "rd", "th", "e", "er", "re", "\xc3\xa8re", "\xc3\xa8me", "es",       "nde", "lle",
		"mes", "me", "o",  "os", "a", "os", "r",  "rs",         "\xc2\xba",   "\xc2\xaa", "tm",  "sm"};

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
		if (strcasecmp(text, endings[i]) == 0)
			return true;
	return false;
}

static bool
has_word(const char *text)
{
	for (; *text; text++)
		if (isalnum((unsigned char)*text))
			return true;
	return false;
}

static void
add_note(const char *text, struct buf *out)
{
	if (*text == '[' || *text == '(' || !has_word(text))
		buf_str(out, text);
	else
		buf_printf(out, "[%s]", text);
}

static void
add_script(enum script_kind kind, const char *text, char before, struct buf *out)
{
	const char *mark = kind == SCRIPT_SUB ? "_" : "^";

	if (kind == SCRIPT_NOTE)
		add_note(text, out);
	else if (has_unicode(text))
		for (size_t n; *text; text += n)
			buf_str(out, (kind == SCRIPT_SUB ? sub : super)[plain_at(text, &n) - plain]);
	else if (!before || !has_word(text) || *text == '[' || *text == '(' ||
		 (kind == SCRIPT_SUPER && is_ordinal(text) &&
		  (isdigit((unsigned char)before) || isupper((unsigned char)before) || strlen(text) > 1)))
		buf_str(out, text);
	else if (text[strcspn(text, " +-=,/*")])
		buf_printf(out, "%s(%s)", mark, text);
	else
		buf_printf(out, "%s%s", mark, text);
}

void
script_text_put(struct md *m, enum script_kind kind, const char *text)
{
	char *one = utf8_copy_line(text, strlen(text), strlen(text));
	struct buf out = {0};
	char before = m->space || m->broken || !m->line ? '\0' : m->text.len ? m->text.data[m->text.len - 1] : 'x';

	m->space = m->space || isspace((unsigned char)*text);
	if (*one) {
		add_script(kind, one, before, &out);
		md_text(m, out.data, out.len);
	}
	m->space = m->space || (*text && isspace((unsigned char)text[strlen(text) - 1]));
	buf_free(&out);
	free(one);
}
