#include "office/number_tokens.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static struct number_token *
add_token(struct number_section *x, enum number_token_type type)
{
	/* The last place is used again by what is too much. */
	struct number_token *t = &x->tokens[x->count < NUMBER_TOKENS ? x->count++ : NUMBER_TOKENS - 1];

	*t = (struct number_token){.type = type};
	return t;
}

static void
add_literal(struct number_section *x, const char *s, size_t n)
{
	struct number_token *t = add_token(x, TOKEN_LITERAL);

	t->s = s;
	t->length = n;
}

/* [>=100] */
static void
read_condition(struct number_section *x, const char *s)
{
	static const char *const signs[] = {"<=", ">=", "<>", "<", ">", "="};
	static const char letters[] = "lgn<>=";

	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
		if (strncmp(s, signs[i], strlen(signs[i])) == 0) {
			x->condition = letters[i];
			x->limit = strtod(s + strlen(signs[i]), NULL);
			return;
		}
}

/* What is in brackets: a condition, elapsed time, a currency with a locale, or a colour. Returns its end. */
static const char *
read_bracket(struct number_section *x, const char *s)
{
	const char *end = strchr(s, ']'), *inner = s + 1;
	size_t n;

	if (!end)
		return s + strlen(s);
	n = (size_t)(end - inner);
	if (n > 0 && strspn(inner, "hHmMsS") == n) {
		struct number_token *t = add_token(x, TOKEN_DATE);

		t->letter = (char)tolower((unsigned char)*inner);
		t->letter = t->letter == 'm' ? 'n' : t->letter;
		t->n = (unsigned)n;
		t->elapsed = x->date = true;
	} else if (*inner == '$') {
		n = strcspn(inner + 1, "-]");
		add_literal(x, inner + 1, n);
	} else {
		read_condition(x, inner);
	}
	return end + 1;
}

/* A run of one letter of a date, or AM/PM. Returns its end, S if it is none. */
static const char *
read_date(struct number_section *x, const char *s)
{
	static const char *const noons[] = {"am/pm", "a/p"};
	const char *end = s;
	struct number_token *t;

	for (size_t i = 0; i < sizeof(noons) / sizeof(noons[0]); i++)
		if (strncasecmp(s, noons[i], strlen(noons[i])) == 0) {
			add_token(x, TOKEN_NOON)->n = i == 0 ? 2 : 1;
			x->date = true;
			return s + strlen(noons[i]);
		}
	if (!strchr("ymdhse", tolower((unsigned char)*s)))
		return s;
	while (tolower((unsigned char)*end) == tolower((unsigned char)*s))
		end++;
	t = add_token(x, TOKEN_DATE);
	t->letter = (char)tolower((unsigned char)*s);
	t->n = (unsigned)(end - s);
	x->date = true;
	return end;
}

/* "ss.000": a fraction of a second. Returns its end, S if it is none. */
static const char *
read_fraction(struct number_section *x, const char *s)
{
	const struct number_token *last = x->count ? &x->tokens[x->count - 1] : NULL;
	size_t n = strspn(s + 1, "0");

	if (!last || last->type != TOKEN_DATE || last->letter != 's' || n == 0)
		return s;
	add_token(x, TOKEN_FRACTION)->n = n > 3 ? 3 : (unsigned)n;
	return s + 1 + n;
}

/* Anything that is one character. */
static const char *
read_sign(struct number_section *x, const char *s)
{
	size_t n = 1;

	switch (*s) {
	case '0':
	case '#':
	case '?':
		add_token(x, TOKEN_DIGIT)->letter = *s;
		break;
	case '.':
		add_token(x, TOKEN_POINT);
		break;
	case ',':
		add_token(x, TOKEN_COMMA);
		break;
	case '%':
		add_token(x, TOKEN_PERCENT);
		break;
	case '/':
		add_token(x, TOKEN_SLASH);
		break;
	case '@':
		add_token(x, TOKEN_TEXT);
		break;
	default:
		while (((unsigned char)s[n] & 0xc0) == 0x80)
			n++;
		add_literal(x, s, n);
	}
	return s + n;
}

static const char *
skip_character(const char *s)
{
	if (!*s)
		return s;
	do
		s++;
	while (((unsigned char)*s & 0xc0) == 0x80);
	return s;
}

static const char *
read_token(struct number_section *x, const char *s)
{
	const char *end;

	switch (*s) {
	case '"':
		end = strchr(s + 1, '"');
		end = end ? end : s + strlen(s);
		add_literal(x, s + 1, (size_t)(end - s - 1));
		return *end ? end + 1 : end;
	case '\\':
		return s[1] ? (add_literal(x, s + 1, 1), s + 2) : s + 1;
	case '_': /* as wide as a character */
		add_literal(x, " ", 1);
		return skip_character(s + 1);
	case '*': /* filled with a character */
		return skip_character(s + 1);
	case 'g': /* the name of an era */
		return s + 1;
	case '[':
		return read_bracket(x, s);
	case '.':
		end = read_fraction(x, s);
		return end > s ? end : read_sign(x, s);
	}
	if (strncasecmp(s, "General", 7) == 0) {
		add_token(x, TOKEN_GENERAL);
		return s + 7;
	}
	if ((*s == 'E' || *s == 'e') && (s[1] == '+' || s[1] == '-')) {
		add_token(x, TOKEN_EXPONENT)->letter = s[1];
		return s + 2;
	}
	end = read_date(x, s);
	return end > s ? end : read_sign(x, s);
}

/* An m is a minute behind hours and before seconds. */
static void
find_minutes(struct number_section *x)
{
	char before = 0;

	for (size_t i = 0; i < x->count; i++) {
		struct number_token *t = &x->tokens[i];
		char behind = 0;

		if (t->type != TOKEN_DATE)
			continue;
		for (size_t k = i + 1; k < x->count && !behind; k++)
			if (x->tokens[k].type == TOKEN_DATE)
				behind = x->tokens[k].letter;
		if (t->letter == 'm' && t->n < 3 && (before == 'h' || behind == 's'))
			t->letter = 'n';
		before = t->letter;
	}
}

const char *
number_section_read(const char *code, struct number_section *out)
{
	out->count = 0;
	out->date = false;
	out->condition = '\0';
	while (*code && *code != ';')
		code = read_token(out, code);
	find_minutes(out);
	return code;
}

void
number_sign_put(const struct number_token *t, struct buf *out)
{
	switch (t->type) {
	case TOKEN_LITERAL:
		buf_add(out, t->s, t->length);
		break;
	case TOKEN_POINT:
		buf_str(out, ".");
		break;
	case TOKEN_COMMA:
		buf_str(out, ",");
		break;
	case TOKEN_PERCENT:
		buf_str(out, "%");
		break;
	case TOKEN_SLASH:
		buf_str(out, "/");
		break;
	default:
		break;
	}
}
