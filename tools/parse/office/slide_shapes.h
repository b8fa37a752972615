/*
 * slide_shapes: the shapes of a slide, of its notes, or of a sheet's drawing (DrawingML, ECMA-376 part 1, 20 and 21):
 * text, tables, pictures, charts and diagrams, in the order in which they are read.
 */
#ifndef BI_PARSE_SLIDE_SHAPES_H
#define BI_PARSE_SLIDE_SHAPES_H

#include <stdbool.h>
#include <stddef.h>

#include "office/opc.h"

enum { SHAPES_MAX = 10000 };

enum shapes_kind {
	SHAPES_SLIDE,
	SHAPES_NOTES,   /* only what is written there, and not the slide's picture */
	SHAPES_DRAWING, /* of a sheet */
	SHAPES_LAYOUT,  /* only the places of placeholders */
};

struct shape {
	struct md md;
	char type[16]; /* of a placeholder, "" for other shapes */
	long index;    /* of a placeholder */
	bool placed;   /* it has a place of its own */
	double x, y, width, height;
	char bullets; /* of its paragraphs: 'y', 'n', or NUL if it does not say */
	size_t order; /* in the part */
};

struct shapes {
	struct shape *v;
	size_t count;
};

struct shapes_source {
	const struct members *m;
	const char **saved; /* members_picture() */
	const struct opc_relations *rels;
	enum shapes_kind kind;
	const struct shapes *layout; /* where placeholders without a place are; may be NULL */
};

/* Reads the shapes of PART. If the part is damaged, there are those before the damage, and D->truncated is set. For
 * shapes_free(). */
void shapes_read(const struct shapes_source *s, const struct member_one *part, struct doc *d, struct shapes *out);
void shapes_free(struct shapes *s);

/* The placeholder in a layout that S comes from, by its index, or else by its type; NULL: there is none. */
const struct shape *shapes_origin(const struct shape *s, const struct shapes *in);

/* Gives the placeholders of S that have no place those of the same kind in MASTER. */
void shapes_inherit(struct shapes *s, const struct shapes *master);

/* Whether they have text or pictures. */
bool shapes_have_text(const struct shapes *s);

/* The title, or NULL. */
struct shape *shapes_title(const struct shapes *s);

/* Moves their text to D: the title first, the others from top to bottom, and from left to right. */
void shapes_write(struct shapes *s, struct doc *d);

#endif
