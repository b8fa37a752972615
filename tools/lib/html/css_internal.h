/*
 * css_internal: what css_tokens.c, which reads tokens, and css.c, which finds images in declarations, share.
 */
#ifndef BI_CSS_INTERNAL_H
#define BI_CSS_INTERNAL_H

#include "html/css.h"

/* WORD: a hash or an at-keyword. BAD: a string or a URL that makes its declaration invalid. */
enum token { END, SPACE, IDENT, FUNCTION, URL, STRING, NUMBER, WORD, OTHER, BAD };

/* Reads the next token. For OTHER the token is the one byte before C's AT. */
enum token css_token(struct css *c);

/* Returns whether the text of the last token is WORD, in upper or lower case. */
bool css_token_is(const struct css *c, const char *word);

#endif
