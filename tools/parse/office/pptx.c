#include "office/pptx.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "office/dublin_core.h"
#include "office/office_comments.h"
#include "office/slide_shapes.h"
#include "request.h"
#include "xml.h"

enum { SLIDES = 10000, SLIDE = 2, BELOW = 3 };

struct deck {
	const struct members *m;
	struct doc *d;
	const char **saved;
	struct opc_relations rels;        /* of the presentation */
	const struct member_one **slides; /* in order, each once */
	size_t count, shown;
	bool *listed; /* of each member, whether it is one of the slides */
	struct json_object *authors;
	const struct member_one *layout_part; /* that LAYOUT is of */
	struct shapes layout;
};

/* The first part of this type, NULL if there is none. */
static const struct member_one *
find_part(const struct deck *x, const struct opc_relations *rels, const char *type)
{
	size_t from = 0;

	return opc_part_of_type(x->m, rels, type, &from);
}

/* --- which slides --- */

static void
add_slide(struct deck *x, const struct member_one *part)
{
	size_t i = (size_t)(part - x->m->v);

	if (x->listed[i])
		return;
	if (x->count == SLIDES) {
		x->d->truncated = true;
		return;
	}
	x->listed[i] = true;
	x->slides = buf_grow(x->slides, x->count, sizeof(*x->slides));
	x->slides[x->count++] = part;
}

static void
on_begin(void *arg, const char *name, const char **attributes)
{
	struct deck *x = arg;
	const struct member_one *part;

	if (strcmp(name, "sldId") != 0)
		return;
	part = opc_part(x->m, &x->rels, xml_relation_id(attributes));
	if (part)
		add_slide(x, part);
	else
		doc_missing(x->d, "slides");
}

static long
slide_number(const struct member_one *part)
{
	int end = 0;
	long number = 0;

	return sscanf(part->name, "ppt/slides/slide%ld.xml%n", &number, &end) == 1 && end > 0 && !part->name[end]
		       ? number
		       : -1;
}

static int
compare_slides(const void *a, const void *b)
{
	long x = slide_number(*(const struct member_one *const *)a),
	     y = slide_number(*(const struct member_one *const *)b);

	return x < y ? -1 : x > y;
}

/* If the presentation lists no slides, they are those whose names say so. */
static void
list_slides(struct deck *x, const struct member_one *presentation)
{
	if (presentation) {
		opc_read(x->m, presentation->name, &x->rels);
		if (!xml_read(&(struct xml_reader){.begin = on_begin, .arg = x}, presentation->bytes, presentation->n))
			x->d->truncated = true;
	}
	if (x->count > 0)
		return;
	for (size_t i = 0; i < x->m->count; i++)
		if (x->m->v[i].bytes && slide_number(&x->m->v[i]) >= 0)
			add_slide(x, &x->m->v[i]);
	if (x->count)
		qsort(x->slides, x->count, sizeof(*x->slides), compare_slides);
}

/* --- a slide --- */

static void
root_begin(void *arg, const char *name, const char **attributes)
{
	const char *show = strcmp(name, "sld") == 0 ? xml_attribute(attributes, "show") : NULL;

	if (show && (strcmp(show, "0") == 0 || strcmp(show, "false") == 0))
		*(bool *)arg = true;
}

static bool
is_hidden(const struct member_one *slide)
{
	size_t n = slide->n < 4096 ? slide->n : 4096; /* the root element is at the beginning */
	bool hidden = false;

	xml_read(&(struct xml_reader){.begin = root_begin, .arg = &hidden}, slide->bytes, n);
	return hidden;
}

/* The places of the placeholders of the slide's layout, and where that has none, those of its master. */
static const struct shapes *
find_layout(struct deck *x, const struct opc_relations *rels)
{
	const struct member_one *part = find_part(x, rels, "slideLayout"), *master;
	struct opc_relations own;
	struct shapes above;

	if (part == x->layout_part)
		return part ? &x->layout : NULL;
	shapes_free(&x->layout);
	x->layout_part = part;
	if (!part)
		return NULL;
	opc_read(x->m, part->name, &own);
	shapes_read(&(struct shapes_source){.m = x->m, .rels = &own, .kind = SHAPES_LAYOUT}, part, x->d, &x->layout);
	master = find_part(x, &own, "slideMaster");
	if (master) {
		shapes_read(&(struct shapes_source){.m = x->m, .rels = &own, .kind = SHAPES_LAYOUT}, master, x->d,
			    &above);
		shapes_inherit(&x->layout, &above);
		shapes_free(&above);
	}
	opc_free(&own);
	return &x->layout;
}

static void
put_notes(struct deck *x, const struct opc_relations *slide)
{
	const struct member_one *part = find_part(x, slide, "notesSlide");
	struct opc_relations rels;
	struct shapes shapes;

	if (!part)
		return;
	opc_read(x->m, part->name, &rels);
	shapes_read(&(struct shapes_source){x->m, x->saved, &rels, SHAPES_NOTES, NULL}, part, x->d, &shapes);
	if (shapes_have_text(&shapes))
		md_heading_text(&x->d->md, BELOW, "Notes");
	shapes_write(&shapes, x->d);
	shapes_free(&shapes);
	opc_free(&rels);
}

static void
put_slide(struct deck *x, const struct member_one *slide, size_t number)
{
	struct opc_relations rels;
	struct shapes shapes;
	const struct shapes *layout;
	char heading[40];

	if (is_hidden(slide)) {
		doc_missing(x->d, "hidden slides");
		return;
	}
	opc_read(x->m, slide->name, &rels);
	layout = find_layout(x, &rels);
	shapes_read(&(struct shapes_source){x->m, x->saved, &rels, SHAPES_SLIDE, layout}, slide, x->d, &shapes);
	if (layout)
		shapes_inherit(&shapes, layout);
	if (!shapes_title(&shapes)) {
		snprintf(heading, sizeof(heading), "Slide %zu", number);
		md_heading_text(&x->d->md, SLIDE, heading);
	}
	shapes_write(&shapes, x->d);
	shapes_free(&shapes);
	put_notes(x, &rels);
	office_comments_put(x->m, &rels, x->authors, BELOW, x->d);
	opc_free(&rels);
	x->shown++;
}

bool
pptx_parse(const struct members *m, struct doc *d)
{
	struct deck x = {.m = m, .d = d};
	struct opc_relations package;
	const struct member_one *presentation, *core;

	opc_read(m, "", &package);
	presentation = find_part(&x, &package, "officeDocument");
	presentation = presentation ? presentation : members_find(m, "ppt/presentation.xml");
	core = find_part(&x, &package, "core-properties");
	dublin_core_read(core ? core : members_find(m, "docProps/core.xml"), d);
	x.saved = buf_alloc((m->count + 1) * sizeof(*x.saved));
	x.listed = buf_alloc((m->count + 1) * sizeof(*x.listed));
	x.authors = json_object_new_object();
	list_slides(&x, presentation);
	office_authors_read(find_part(&x, &x.rels, "commentAuthors"), x.authors);
	office_authors_read(find_part(&x, &x.rels, "authors"), x.authors);
	for (size_t i = 0; i < x.count; i++) {
		if (d->md.full || request_is_late()) {
			d->truncated = true;
			break;
		}
		put_slide(&x, x.slides[i], i + 1);
	}
	doc_meta_number(d, "slides", (double)x.shown);
	if (x.count == 0 && !presentation)
		doc_fail(d, "damaged", "it has no presentation, and no slides");
	shapes_free(&x.layout);
	opc_free(&x.rels);
	opc_free(&package);
	json_object_put(x.authors);
	free(x.saved);
	free(x.listed);
	free(x.slides);
	return !d->failed;
}
