/*
 * css: finds the background images that CSS names, by the tokens of CSS Syntax Module Level 3 (sections 3 and 4).
 *
 * It knows blocks, declarations and functions, but neither selectors nor which declaration prevails: it finds each
 * image of the properties background and background-image. Time and memory are linear in the length of the text.
 */
#ifndef BI_CSS_H
#define BI_CSS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct css {
	struct buf url; /* out: as it is written, without escapes; may have NULs */
	double size;    /* out: its pixels per CSS pixel; 1 outside image-set() */
	unsigned set;   /* out: the number of its image-set(), from 1; 0: it is in none */

	/* private */
	const char *at, *end;
	bool attribute;
	enum { CSS_START, CSS_NAME, CSS_VALUE, CSS_SKIP } state; /* of the declaration */
	bool background;                                         /* it is one of a background */
	unsigned sets;
	bool has_option;    /* OPTION is a URL of an image-set() */
	struct buf option;  /* the candidate that is being read */
	double option_size; /* of it */
	struct buf token;   /* the text of the last token */
	double number;      /* its value */
	struct buf nesting; /* a byte for each open bracket */
	size_t outer_sets;  /* image-set() functions in NESTING */
};

/* Begins to read N bytes of UTF-8, which must not change until css_close(): a style sheet, or, with ATTRIBUTE, the
 * declarations of a style attribute. */
void css_open(struct css *c, const char *text, size_t n, bool attribute);

/* Finds the next image. The candidates of one image-set() have the same SET and follow each other. Returns false at the
 * end. */
bool css_next(struct css *c);

/* Frees the memory of C. */
void css_close(struct css *c);

#endif
