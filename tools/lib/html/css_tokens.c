/* The tokens of CSS Syntax Module Level 3; the numbers are those of its sections. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/hex.h"
#include "base/utf8.h"
#include "html/css_internal.h"

enum { REPLACEMENT = 0xFFFD, NUMBER_MAX = 32 };

/* --- characters (4.2) --- */

static bool
is_newline(char b)
{
	return b == '\n' || b == '\r' || b == '\f';
}

static bool
is_space(char b)
{
	return b == ' ' || b == '\t' || is_newline(b);
}

static bool
is_digit(char b)
{
	return b >= '0' && b <= '9';
}

static bool
begins_word(char b)
{
	char lower = (char)(b | 0x20);

	return (lower >= 'a' && lower <= 'z') || b == '_' || b == '\0' || (unsigned char)b >= 0x80;
}

static bool
is_of_word(char b)
{
	return begins_word(b) || is_digit(b) || b == '-';
}

static bool
is_unprintable(char b)
{
	return (b > '\0' && b <= 0x08) || b == 0x0b || (b >= 0x0e && b <= 0x1f) || b == 0x7f;
}

/* The byte K after the next one; after the end, a semicolon, which is not part of any other token. */
static char
peek(const struct css *c, size_t k)
{
	return (size_t)(c->end - c->at) > k ? c->at[k] : ';';
}

/* 4.3.8. A backslash at the end of the text is an escape too. */
static bool
is_escape(const struct css *c, size_t k)
{
	return peek(c, k) == '\\' && !is_newline(peek(c, k + 1));
}

/* 4.3.9 */
static bool
is_name(const struct css *c)
{
	char b = peek(c, 0);

	if (b == '-')
		return begins_word(peek(c, 1)) || peek(c, 1) == '-' || is_escape(c, 1);
	return c->at < c->end && (begins_word(b) || is_escape(c, 0));
}

/* 4.3.10 */
static bool
is_number(const struct css *c)
{
	size_t k = peek(c, 0) == '+' || peek(c, 0) == '-';

	return is_digit(peek(c, k)) || (peek(c, k) == '.' && is_digit(peek(c, k + 1)));
}

static void
add_character(struct buf *b, uint32_t code)
{
	char text[4];

	if (code == 0 || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF))
		code = REPLACEMENT;
	buf_add(b, text, utf8_encode(code, text));
}

/* Skips one blank; CR LF counts as one. */
static void
skip_blank(struct css *c)
{
	if (peek(c, 0) == '\r' && peek(c, 1) == '\n')
		c->at++;
	c->at++;
}

static void
skip_space(struct css *c)
{
	while (is_space(peek(c, 0)))
		c->at++;
}

/* 4.3.7: the escape after the next backslash. */
static void
take_escape(struct css *c)
{
	uint32_t code = 0;
	int digits = 0, value;

	c->at++;
	if (c->at == c->end) {
		add_character(&c->token, REPLACEMENT);
		return;
	}
	for (; digits < 6 && (value = hex_value(peek(c, 0))) >= 0; digits++, c->at++)
		code = code << 4 | (uint32_t)value;
	if (digits == 0) {
		buf_add(&c->token, c->at++, 1); /* other bytes of the character, if any, are ordinary */
		return;
	}
	add_character(&c->token, code);
	if (is_space(peek(c, 0)))
		skip_blank(c);
}

/* --- tokens (4.3) --- */

static void
take_name(struct css *c)
{
	buf_clear(&c->token);
	for (;;) {
		if (is_escape(c, 0))
			take_escape(c);
		else if (c->at < c->end && is_of_word(*c->at))
			buf_add(&c->token, c->at++, 1);
		else
			return;
	}
}

bool
css_token_is(const struct css *c, const char *word)
{
	return c->token.len == strlen(word) && c->token.len && strncasecmp(c->token.data, word, c->token.len) == 0;
}

static enum token
take_string(struct css *c)
{
	char quote = *c->at++;

	buf_clear(&c->token);
	for (; c->at < c->end; c->at++) {
		if (*c->at == quote) {
			c->at++;
			return STRING;
		}
		if (is_newline(*c->at))
			return BAD;
		if (*c->at != '\\') {
			buf_add(&c->token, c->at, 1);
		} else if (is_newline(peek(c, 1))) {
			c->at++;
			skip_blank(c);
			c->at--;
		} else if (c->at + 1 < c->end) {
			take_escape(c);
			c->at--;
		}
	}
	return STRING;
}

/* 4.3.14: up to the parenthesis that ends a bad URL. */
static enum token
skip_bad_url(struct css *c)
{
	while (c->at < c->end && *c->at != ')') {
		if (is_escape(c, 0))
			take_escape(c);
		else
			c->at++;
	}
	c->at += c->at < c->end;
	return BAD;
}

/* 4.3.6: an unquoted URL, after "url(" and blanks. */
static enum token
take_url(struct css *c)
{
	buf_clear(&c->token);
	while (c->at < c->end) {
		if (is_space(*c->at)) {
			skip_space(c);
			if (c->at < c->end && *c->at != ')')
				return skip_bad_url(c);
		} else if (*c->at == ')') {
			c->at++;
			return URL;
		} else if (*c->at == '"' || *c->at == '\'' || *c->at == '(' || is_unprintable(*c->at)) {
			return skip_bad_url(c);
		} else if (*c->at != '\\') {
			buf_add(&c->token, c->at++, 1);
		} else if (is_escape(c, 0)) {
			take_escape(c);
		} else {
			return skip_bad_url(c);
		}
	}
	return URL;
}

/* 4.3.4 */
static enum token
take_word(struct css *c)
{
	take_name(c);
	if (peek(c, 0) != '(')
		return IDENT;
	c->at++;
	if (!css_token_is(c, "url"))
		return FUNCTION;
	skip_space(c);
	return peek(c, 0) == '"' || peek(c, 0) == '\'' ? FUNCTION : take_url(c);
}

/* 4.3.3. The token's text is the unit. */
static enum token
take_number(struct css *c)
{
	char text[NUMBER_MAX];
	const char *from = c->at;
	size_t n;

	c->at += peek(c, 0) == '+' || peek(c, 0) == '-';
	while (is_digit(peek(c, 0)))
		c->at++;
	if (peek(c, 0) == '.' && is_digit(peek(c, 1)))
		for (c->at++; is_digit(peek(c, 0));)
			c->at++;
	if ((peek(c, 0) | 0x20) == 'e') {
		size_t sign = peek(c, 1) == '+' || peek(c, 1) == '-';

		if (is_digit(peek(c, 1 + sign)))
			for (c->at += 1 + sign; is_digit(peek(c, 0));)
				c->at++;
	}
	n = (size_t)(c->at - from);
	n = n < sizeof(text) ? n : sizeof(text) - 1;
	memcpy(text, from, n);
	text[n] = '\0';
	c->number = strtod(text, NULL);
	buf_clear(&c->token);
	if (is_name(c))
		take_name(c);
	return NUMBER;
}

static void
skip_comment(struct css *c)
{
	const char *end = memmem(c->at + 2, (size_t)(c->end - c->at) - 2, "*/", 2);

	c->at = end ? end + 2 : c->end;
}

enum token
css_token(struct css *c)
{
	while (peek(c, 0) == '/' && peek(c, 1) == '*')
		skip_comment(c);
	if (c->at == c->end)
		return END;
	if (is_space(*c->at)) {
		skip_space(c);
		return SPACE;
	}
	if (*c->at == '"' || *c->at == '\'')
		return take_string(c);
	if (is_number(c))
		return take_number(c);
	if (is_name(c))
		return take_word(c);
	c->at++;
	/* A hash or an at-keyword is one token with the name after it, so that name is not a function. */
	if ((c->at[-1] == '#' && (is_of_word(peek(c, 0)) || is_escape(c, 0))) || (c->at[-1] == '@' && is_name(c))) {
		take_name(c);
		return WORD;
	}
	return OTHER;
}
