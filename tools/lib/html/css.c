#include "html/css.h"

#include "html/css_internal.h"

enum { DPI = 96 };

/* The kind of an open bracket. */
enum {
	BLOCK = '{',    /* of declarations */
	BRACES = 'b',   /* { in a value */
	BRACKET = '[',  /* in a value or a selector */
	PARENS = '(',   /* the same, or a function */
	URL_CALL = 'u', /* url( before its string */
	SET_CALL = 's', /* image-set( */
};

static char
top(const struct css *c)
{
	return c->nesting.len ? c->nesting.data[c->nesting.len - 1] : '\0';
}

static void
push(struct css *c, char bracket)
{
	buf_add(&c->nesting, &bracket, 1);
	c->outer_sets += bracket == SET_CALL;
}

static void
pop(struct css *c)
{
	c->outer_sets -= top(c) == SET_CALL;
	c->nesting.data[--c->nesting.len] = '\0';
}

/* Whether the token is between declarations or directly in one, outside of brackets in it. */
static bool
is_outside(const struct css *c)
{
	return top(c) == BLOCK || top(c) == '\0';
}

/* Makes the URL in the token the result. */
static bool
give(struct css *c, struct buf *url, double size, unsigned set)
{
	buf_clear(&c->url);
	buf_add(&c->url, url->data, url->len);
	c->size = size;
	c->set = set;
	return c->url.len > 0;
}

/* The end of a candidate of image-set(): returns whether it is a URL. */
static bool
end_option(struct css *c)
{
	bool has = c->has_option;

	c->has_option = false;
	return has && give(c, &c->option, c->option_size, c->sets);
}

/* A URL in a background. Returns whether it is the result; a URL in image-set() waits for its description. */
static bool
take_image(struct css *c)
{
	if (top(c) != SET_CALL)
		return give(c, &c->token, 1, 0);
	if (!c->has_option) {
		buf_clear(&c->option);
		buf_add(&c->option, c->token.data, c->token.len);
		c->option_size = 1;
		c->has_option = c->option.len > 0;
	}
	return false;
}

/* <resolution> of CSS Values and Units Module Level 4. */
static void
take_resolution(struct css *c)
{
	double per_pixel = css_token_is(c, "x") || css_token_is(c, "dppx") ? 1
			   : css_token_is(c, "dpi")                        ? 1.0 / DPI
			   : css_token_is(c, "dpcm")                       ? 2.54 / DPI
									   : 0;

	if (top(c) == SET_CALL && c->has_option && per_pixel > 0 && c->number >= 0)
		c->option_size = c->number * per_pixel;
}

static void
open_function(struct css *c)
{
	bool value = c->state == CSS_VALUE && c->background;

	if (value && css_token_is(c, "url")) {
		push(c, URL_CALL);
	} else if (value && !c->outer_sets && (css_token_is(c, "image-set") || css_token_is(c, "-webkit-image-set"))) {
		push(c, SET_CALL);
		c->sets++;
		c->has_option = false;
	} else {
		push(c, PARENS);
	}
}

/* A string is an image in url() and directly in image-set(). */
static bool
take_string_value(struct css *c)
{
	bool found;

	if (top(c) == SET_CALL)
		return take_image(c);
	if (top(c) != URL_CALL)
		return false;
	pop(c);
	found = take_image(c);
	push(c, PARENS); /* other arguments of the function are not URLs */
	return found;
}

/* A bracket, or the end of a part of a value. Returns whether it ends a candidate of image-set() that is a URL. */
static bool
take_mark(struct css *c, char mark)
{
	char open = top(c);

	if (mark == '{' && is_outside(c)) {
		push(c, BLOCK);
		c->state = CSS_START;
	} else if (mark == '{' || mark == '[' || mark == '(') {
		push(c, mark == '{' ? BRACES : mark);
		c->state = c->state == CSS_VALUE ? CSS_VALUE : CSS_SKIP;
	} else if (mark == '}' && open == BLOCK) {
		pop(c);
		c->state = CSS_START;
	} else if ((mark == '}' && open == BRACES) || (mark == ']' && open == BRACKET) ||
		   (mark == ')' && (open == PARENS || open == URL_CALL))) {
		pop(c);
	} else if (mark == ')' && open == SET_CALL) {
		pop(c);
		return end_option(c);
	} else if (mark == ',' && open == SET_CALL) {
		return end_option(c);
	} else if (mark == ';' && is_outside(c)) {
		c->state = CSS_START;
	} else if (mark == ':' && c->state == CSS_NAME) {
		c->state = CSS_VALUE;
	} else if (is_outside(c) && c->state != CSS_VALUE) {
		c->state = CSS_SKIP;
	}
	return false;
}

/* A token that is neither blank nor END. Returns whether it makes a result. */
static bool
take(struct css *c, enum token token)
{
	if (token == OTHER)
		return take_mark(c, c->at[-1]);
	if (token == FUNCTION) {
		c->state = c->state == CSS_VALUE ? CSS_VALUE : CSS_SKIP;
		open_function(c);
		return false;
	}
	if (c->state == CSS_VALUE) {
		if (!c->background)
			return false;
		if (token == BAD)
			c->background = false;
		else if (token == NUMBER)
			take_resolution(c);
		else if (token == STRING)
			return take_string_value(c);
		return token == URL && take_image(c);
	}
	c->background = css_token_is(c, "background") || css_token_is(c, "background-image");
	c->state = c->state == CSS_START && token == IDENT && (c->attribute || c->nesting.len) ? CSS_NAME : CSS_SKIP;
	return false;
}

void
css_open(struct css *c, const char *text, size_t n, bool attribute)
{
	*c = (struct css){.at = text, .end = text + n, .attribute = attribute};
}

bool
css_next(struct css *c)
{
	enum token token;

	while ((token = css_token(c)) != END)
		if (token != SPACE && take(c, token))
			return true;
	return end_option(c);
}

void
css_close(struct css *c)
{
	buf_free(&c->url);
	buf_free(&c->option);
	buf_free(&c->token);
	buf_free(&c->nesting);
}
