/*
 * odf_slide: the slides of an OpenDocument presentation: their titles first, and the speaker's notes below them.
 */
#ifndef BI_PARSE_ODF_SLIDE_H
#define BI_PARSE_ODF_SLIDE_H

#include <stdbool.h>
#include <stddef.h>

#include "doc.h"

enum { ODF_SLIDE = 2 }; /* the level of the heading of a slide */

struct odf_slide {
	struct md title, body, notes; /* of the slide that is open */
	bool presentation;            /* the document is one */
	bool open, in_notes, in_title;
	size_t count;   /* of slides, hidden ones counted */
	unsigned depth; /* of elements in the title's frame */
};

/* A slide that is not shown. */
void odf_slide_hide(struct odf_slide *s, struct doc *d);

/* Whether the element is a footer, a date or a number that slides and notes repeat. */
bool odf_slide_is_repeated(const char *name, const char **attributes);

/* The beginning and end of an element within the body: *MD is what text then goes to. */
void odf_slide_element(struct odf_slide *s, struct doc *d, const char *name, const char **attributes, struct md **md);
void odf_slide_end(struct odf_slide *s, struct doc *d, const char *name, struct md **md);

#endif
