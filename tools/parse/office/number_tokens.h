/*
 * number_tokens: the tokens of a section of a number format code.
 */
#ifndef BI_PARSE_NUMBER_TOKENS_H
#define BI_PARSE_NUMBER_TOKENS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

enum { NUMBER_TOKENS = 128, NUMBER_SECTIONS = 4 };

enum number_token_type {
	TOKEN_LITERAL,
	TOKEN_DIGIT, /* 0 # ? */
	TOKEN_POINT,
	TOKEN_COMMA,
	TOKEN_PERCENT,
	TOKEN_EXPONENT, /* E+ or E- */
	TOKEN_SLASH,
	TOKEN_GENERAL,
	TOKEN_TEXT,     /* @ */
	TOKEN_DATE,     /* a run of y m d h s e, whose letter is in LETTER; minutes are n */
	TOKEN_FRACTION, /* of a second: digits behind a point */
	TOKEN_NOON,     /* AM/PM or A/P */
};

struct number_token {
	enum number_token_type type;
	char letter;   /* of a digit, a date or an exponent's sign */
	bool elapsed;  /* [h]: hours are counted beyond 24 */
	unsigned n;    /* letters of a date, digits of a fraction */
	const char *s; /* a literal */
	size_t length;
};

struct number_section {
	struct number_token tokens[NUMBER_TOKENS];
	size_t count;
	bool date;
	char condition; /* < > = l (<=) g (>=) n (<>); NUL: none */
	double limit;
};

/* Reads the section that begins at CODE. Returns its end: a ';' or the NUL. */
const char *number_section_read(const char *code, struct number_section *out);

/* Appends a literal or sign as it stands; nothing for other tokens. */
void number_sign_put(const struct number_token *t, struct buf *out);

#endif
