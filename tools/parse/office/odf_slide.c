#include "office/odf_slide.h"

#include <stdio.h>
#include <string.h>

#include "base/words.h"
#include "xml.h"

void
odf_slide_hide(struct odf_slide *s, struct doc *d)
{
	s->count++;
	doc_missing(d, "hidden slides");
}

static void
begin_slide(struct odf_slide *s, struct md **md)
{
	md_begin(&s->title, DOC_TEXT);
	md_begin(&s->body, DOC_TEXT);
	md_begin(&s->notes, DOC_TEXT);
	s->open = true;
	s->in_notes = s->in_title = false;
	s->count++;
	*md = &s->body;
}

/* The title, without which the slide has its number, then the text, and the notes. */
static void
end_slide(struct odf_slide *s, struct doc *d)
{
	char number[40];

	md_block(&s->title);
	md_block(&s->notes);
	if (md_is_empty(&s->title)) {
		snprintf(number, sizeof(number), "Slide %zu", s->count);
		md_heading_text(&d->md, ODF_SLIDE, number);
	}
	md_append(&d->md, &s->title);
	md_append(&d->md, &s->body);
	if (!md_is_empty(&s->notes))
		md_heading_text(&d->md, ODF_SLIDE + 1, "Notes");
	md_append(&d->md, &s->notes);
	md_free(&s->title);
	md_free(&s->body);
	md_free(&s->notes);
	s->open = false;
}

bool
odf_slide_is_repeated(const char *name, const char **attributes)
{
	return strcmp(name, "frame") == 0 &&
	       word_is_one_of(xml_attribute(attributes, "class"), "header", "footer", "date-time", "page-number");
}

void
odf_slide_element(struct odf_slide *s, struct doc *d, const char *name, const char **attributes, struct md **md)
{
	const char *class = xml_attribute(attributes, "class");

	s->presentation = s->presentation || strcmp(name, "presentation") == 0;
	if (strcmp(name, "page") == 0 && s->presentation && !s->open && !d->md.full)
		begin_slide(s, md);
	if (!s->open)
		return;
	if (strcmp(name, "notes") == 0) {
		s->in_notes = true;
		*md = &s->notes;
	} else if (s->in_title)
		s->depth++;
	else if (strcmp(name, "frame") == 0 && !s->in_notes && class && strcmp(class, "title") == 0) {
		s->in_title = true;
		s->depth = 0;
		*md = &s->title;
	}
}

void
odf_slide_end(struct odf_slide *s, struct doc *d, const char *name, struct md **md)
{
	if (!s->open)
		return;
	if (s->in_title && s->depth-- == 0) {
		md_block(&s->title);
		s->in_title = false;
		*md = &s->body;
	} else if (strcmp(name, "notes") == 0) {
		s->in_notes = false;
		*md = &s->body;
	} else if (strcmp(name, "page") == 0) {
		end_slide(s, d);
		*md = &d->md;
	}
}
