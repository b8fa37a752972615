#include "office/number_format.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "office/number_date.h"
#include "office/number_tokens.h"

enum { DIGITS = 400, DECIMALS = 30 };

const char *
number_format_builtin(long id)
{
	static const char *const codes[50] = {
		[1] = "0",
		[2] = "0.00",
		[3] = "#,##0",
		[4] = "#,##0.00",
		[5] = "$#,##0;($#,##0)",
		[6] = "$#,##0;($#,##0)",
		[7] = "$#,##0.00;($#,##0.00)",
		[8] = "$#,##0.00;($#,##0.00)",
		[9] = "0%",
		[10] = "0.00%",
		[11] = "0.00E+00",
		[12] = "# ?/?",
		[13] = "# ?\?/?\?",
		[14] = "yyyy-mm-dd",
		[15] = "d-mmm-yy",
		[16] = "d-mmm",
		[17] = "mmm-yy",
		[18] = "h:mm AM/PM",
		[19] = "h:mm:ss AM/PM",
		[20] = "h:mm",
		[21] = "h:mm:ss",
		[22] = "yyyy-mm-dd hh:mm",
		[27] = "yyyy-mm-dd",
		[28] = "yyyy-mm-dd",
		[29] = "yyyy-mm-dd",
		[30] = "yyyy-mm-dd",
		[31] = "yyyy-mm-dd",
		[32] = "h:mm",
		[33] = "h:mm:ss",
		[34] = "h:mm",
		[35] = "h:mm:ss",
		[36] = "yyyy-mm-dd",
		[37] = "#,##0;(#,##0)",
		[38] = "#,##0;(#,##0)",
		[39] = "#,##0.00;(#,##0.00)",
		[40] = "#,##0.00;(#,##0.00)",
		[41] = "#,##0;(#,##0);-",
		[42] = "$#,##0;($#,##0);$-",
		[43] = "#,##0.00;(#,##0.00);-",
		[44] = "$#,##0.00;($#,##0.00);$-",
		[45] = "mm:ss",
		[46] = "[h]:mm:ss",
		[47] = "mm:ss.0",
		[48] = "##0.0E+0",
		[49] = "@",
	};

	if (id >= 50 && id <= 58)
		return id == 55 || id == 56 ? "h:mm" : "yyyy-mm-dd"; /* dates of East Asia */
	return id >= 0 && id < 50 && codes[id] ? codes[id] : "General";
}

/* Appends VALUE as the format "General" does, with 15 digits at most. */
static void
put_general(double value, struct buf *out)
{
	char digits[40], *e;

	snprintf(digits, sizeof(digits), "%.15g", value == 0 ? 0.0 : value);
	if ((e = strchr(digits, 'e')))
		*e = 'E';
	buf_str(out, digits);
}

/* --- sections --- */

struct code {
	struct number_section sections[NUMBER_SECTIONS];
	size_t count;
};

static void
read_code(struct code *c, const char *code)
{
	c->count = 0;
	do {
		code = number_section_read(code, &c->sections[c->count++]);
	} while (*code++ && c->count < NUMBER_SECTIONS);
}

static bool
is_met(const struct number_section *s, double value)
{
	switch (s->condition) {
	case '<':
		return value < s->limit;
	case '>':
		return value > s->limit;
	case '=':
		return value == s->limit;
	case 'l':
		return value <= s->limit;
	case 'g':
		return value >= s->limit;
	default:
		return value != s->limit;
	}
}

/* The section for *VALUE, which loses its sign if the section is for negative numbers alone. */
static const struct number_section *
choose_section(const struct code *c, double *value)
{
	size_t count = c->count > 3 ? 3 : c->count;
	const struct number_section *s = &c->sections[0];

	if (s->condition || (count > 1 && c->sections[1].condition)) {
		for (size_t i = 0; i < count; i++, s++)
			if (i == count - 1 || (s->condition ? is_met(s, *value) : i == 0 && *value >= 0))
				break;
		if (s->condition == '<' && s->limit <= 0)
			*value = fabs(*value);
		return s;
	}
	if (*value < 0 && count > 1) {
		*value = -*value;
		return &c->sections[1];
	}
	return *value == 0 && count > 2 ? &c->sections[2] : s;
}

/* --- digits --- */

struct digits {
	size_t before, after, exponent; /* places of digits: before the point, behind it, and of the exponent */
	size_t commas;                  /* behind the last digit: each divides by 1000 */
	size_t percents;
	bool grouped, scientific, fraction;
	char sign; /* of the exponent */
};

static void
count_digits(const struct number_section *s, struct digits *n)
{
	bool behind = false;

	*n = (struct digits){0};
	for (size_t i = 0; i < s->count; i++) {
		const struct number_token *t = &s->tokens[i];

		if (t->type == TOKEN_DIGIT) {
			size_t *count = n->scientific ? &n->exponent : behind ? &n->after : &n->before;

			n->grouped = n->grouped || (n->commas > 0 && !behind);
			n->commas = 0;
			++*count;
		} else if (t->type == TOKEN_COMMA && n->before + n->after > 0)
			n->commas++;
		else if (t->type == TOKEN_POINT)
			behind = true;
		else if (t->type == TOKEN_EXPONENT)
			n->scientific = true, n->sign = t->letter;
		else if (t->type == TOKEN_PERCENT)
			n->percents++;
		else if (t->type == TOKEN_SLASH)
			n->fraction = true;
	}
}

/* Decimal digits, rounded as people do: what is stored in binary for 1.005 is a little less than that. */
static void
print_decimal(char out[DIGITS], double value, size_t after)
{
	snprintf(out, DIGITS, "%.*f", (int)(after < DECIMALS ? after : DECIMALS), value * (1 + 4e-16));
}

/* Writes the digits of a number into the places of the tokens. */
struct places {
	const char *whole, *decimals;
	size_t n, places; /* digits of WHOLE, and places for them that are left */
	bool grouped, begun;
};

/* The digits for the next place before the point: all that are left over go to the first one. */
static void
put_whole(struct places *p, char place, struct buf *out)
{
	size_t take = p->n > p->places ? p->n - p->places + 1 : p->n == p->places;

	for (; take > 0; take--, p->whole++, p->n--) {
		buf_add(out, p->whole, 1);
		p->begun = true;
		if (p->grouped && p->n > 1 && (p->n - 1) % 3 == 0)
			buf_str(out, ",");
	}
	p->places--;
	if (!p->begun && place != '#') {
		buf_str(out, place == '0' ? "0" : " ");
		if (place == '0' && p->grouped && p->places > 0 && p->places % 3 == 0)
			buf_str(out, ",");
	}
}

/* A digit behind the point; zeros at the end have none at a '#'. */
static void
put_decimal(struct places *p, char place, struct buf *out)
{
	char digit = *p->decimals ? *p->decimals++ : '0';

	if (place == '0' || digit != '0' || strspn(p->decimals, "0") < strlen(p->decimals))
		buf_add(out, &digit, 1);
}

static void
put_number(const struct number_section *s, const struct digits *n, double value, int exponent, struct buf *out)
{
	char text[DIGITS], power[16];
	struct places p = {.grouped = n->grouped, .places = n->before}, e = {.places = n->exponent};
	bool behind = false, scientific = false;
	char *point;

	print_decimal(text, value, n->after);
	if ((point = strchr(text, '.')))
		*point = '\0';
	p.decimals = point ? point + 1 : "";
	p.whole = strcmp(text, "0") == 0 ? "" : text;
	p.n = strlen(p.whole);
	snprintf(power, sizeof(power), "%d", abs(exponent));
	e.whole = power;
	e.n = strlen(power);
	for (size_t i = 0; i < s->count; i++) {
		const struct number_token *t = &s->tokens[i];

		if (t->type == TOKEN_DIGIT && scientific)
			put_whole(&e, t->letter, out);
		else if (t->type == TOKEN_DIGIT && behind)
			put_decimal(&p, t->letter, out);
		else if (t->type == TOKEN_DIGIT)
			put_whole(&p, t->letter, out);
		else if (t->type == TOKEN_EXPONENT) {
			buf_str(out, exponent < 0 ? "E-" : t->letter == '+' ? "E+" : "E");
			scientific = true;
		} else if (t->type == TOKEN_GENERAL)
			put_general(value, out);
		else if (t->type != TOKEN_COMMA) {
			if (t->type == TOKEN_POINT && n->before == 0)
				buf_add(out, p.whole, p.n);
			behind = behind || t->type == TOKEN_POINT;
			number_sign_put(t, out);
		}
	}
}

/* 12.3E+04: the exponent is a multiple of the places before the point. */
static int
take_exponent(double *value, const struct digits *n)
{
	int step = n->before > 1 ? (int)n->before : 1, exponent;
	char text[DIGITS];

	if (*value == 0)
		return 0;
	exponent = (int)floor(log10(*value) + 1e-12);
	exponent = (int)floor((double)exponent / step) * step;
	*value /= pow(10, exponent);
	print_decimal(text, *value, n->after);
	if (strcspn(text, ".") > (size_t)step) { /* rounding made it longer */
		exponent += step;
		*value /= pow(10, step);
	}
	return exponent;
}

/* --- fractions --- */

/* The last convergent of the continued fraction whose denominator is not larger. */
static void
find_fraction(double value, long most, long *numerator, long *denominator)
{
	long h = 1, k = 0, h1 = (long)value, k1 = 1;
	double rest = value - floor(value);

	while (rest > 1e-9) {
		double next = 1 / rest;
		long a = (long)next, h2 = a * h1 + h, k2 = a * k1 + k;

		if (k2 > most || k2 <= 0)
			break;
		h = h1, k = k1, h1 = h2, k1 = k2;
		rest = next - floor(next);
	}
	*numerator = h1;
	*denominator = k1;
}

static void
put_fraction(const struct number_section *s, double value, struct buf *out)
{
	size_t slash = 0, below = 0, runs = 0;
	long fixed = 0, whole = 0, numerator, denominator;

	for (size_t i = 0; i < s->count; i++) {
		const struct number_token *t = &s->tokens[i];

		if (t->type == TOKEN_SLASH)
			slash = i;
		else if (slash && t->type == TOKEN_LITERAL && isdigit((unsigned char)*t->s) && fixed < 10000)
			fixed = fixed * 10 + (*t->s - '0');
		else if (slash && t->type == TOKEN_DIGIT && fixed > 0 && fixed < 10000)
			fixed *= 10;
		else if (slash && t->type == TOKEN_DIGIT)
			below++;
		else if (!slash && t->type == TOKEN_DIGIT && (i == 0 || s->tokens[i - 1].type != TOKEN_DIGIT))
			runs++;
	}
	if (value >= 1e15) {
		put_general(value, out);
		return;
	}
	if (runs > 1) {
		whole = (long)value;
		value -= (double)whole;
	}
	if (fixed > 0) {
		denominator = fixed;
		numerator = lround(value * (double)fixed);
	} else
		find_fraction(value,
			      below > 3    ? 9999
			      : below == 3 ? 999
			      : below == 2 ? 99
					   : 9,
			      &numerator, &denominator);
	if (runs > 1 && numerator == denominator)
		whole++, numerator = 0;
	if (whole || (runs > 1 && numerator == 0))
		buf_printf(out, "%ld", whole);
	if (numerator || runs < 2)
		buf_printf(out, "%s%ld/%ld", whole ? " " : "", numerator, denominator);
}

/* --- all together --- */

void
number_format_put(const char *code, double value, bool from_1904, struct buf *out)
{
	struct code c;
	struct digits n;
	const struct number_section *s;
	int exponent = 0;

	if (!isfinite(value) || strcmp(code, "General") == 0 || strcmp(code, "@") == 0) {
		put_general(value, out);
		return;
	}
	read_code(&c, code);
	s = choose_section(&c, &value);
	if (s->date) {
		if (number_is_date(value))
			number_date_put(s, value, from_1904, out);
		else
			put_general(value, out);
		return;
	}
	count_digits(s, &n);
	if (n.before + n.after == 0 && s->count == 0 && c.count == 1) {
		put_general(value, out);
		return;
	}
	if (n.fraction && n.before + n.after > 0) {
		buf_str(out, value < 0 ? "-" : "");
		put_fraction(s, fabs(value), out);
		return;
	}
	if (value < 0)
		buf_str(out, "-");
	value = fabs(value) * pow(100, (double)n.percents) / pow(1000, (double)(n.commas < 20 ? n.commas : 20));
	if (n.scientific)
		exponent = take_exponent(&value, &n);
	put_number(s, &n, value, exponent, out);
}
