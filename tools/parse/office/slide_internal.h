/*
 * slide_internal: what the files that read shapes share.
 */
#ifndef BI_PARSE_SLIDE_INTERNAL_H
#define BI_PARSE_SLIDE_INTERNAL_H

#include "office/omml.h"
#include "office/slide_shapes.h"
#include "web/script_text.h"

enum { SLIDE_GROUPS = 16, SLIDE_LEVELS = 9, SLIDE_CELLS = 200 };

/* How the coordinates in a group become those of the slide. */
struct group {
	double x, y, width, height, inner_x, inner_y, inner_width, inner_height;
};

struct slide_reading {
	const struct shapes_source *s;
	struct doc *d;
	struct shapes *out;
	struct shape *shape; /* the current one; NULL: none */
	struct md *md;       /* its text */
	unsigned depth;      /* of elements below the current shape */
	unsigned ignore;     /* of elements below a skipped one */
	struct group groups[SLIDE_GROUPS];
	unsigned group_count;
	bool in_group_properties, in_list_style, in_place, hidden;
	char *alt, *picture;
	bool pictured; /* the shape has a picture, saved or not */
	bool frame;    /* it is a frame for a table, a chart or a diagram */
	bool chosen;   /* of alternatives, the first */
	/* the paragraph */
	int level;
	char bullet; /* 'y', 'n' or NUL */
	bool counted, opened, in_text;
	long start; /* of its numbers */
	int items;
	int item_level[SLIDE_LEVELS + 1];
	long count[SLIDE_LEVELS + 1];
	bool linked;
	bool wanted[MD_LINK], set[MD_LINK]; /* the marks of the run, and those that are open */
	enum script_kind script;
	struct omml *formula;
	unsigned in_formula; /* depth; 0: none is open */
	/* tables */
	unsigned tables;
	size_t cells;
};

/* The number in an attribute, 0 if there is none. */
double slide_number_of(const char **attributes, const char *name);

/* The beginning and end of an element within a shape that belongs to its text. */
void slide_text_begin(struct slide_reading *x, const char *name, const char **attributes);
void slide_text_end(struct slide_reading *x, const char *name);

/* Text of a run or a formula. */
void slide_text_put(struct slide_reading *x, const char *s, size_t n);

/* Begins the paragraph, unless it has begun, for what goes into it. */
void slide_text_open(struct slide_reading *x);

/* Ends the lists that are open. */
void slide_text_leave(struct slide_reading *x);

#endif
