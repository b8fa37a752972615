#include "office/slide_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/words.h"
#include "office/chart.h"
#include "office/diagram.h"
#include "xml.h"

static bool
is_name(const char *name, const char *other)
{
	return strcmp(name, other) == 0;
}

static bool
is_on(const char *value)
{
	return value && (is_name(value, "1") || is_name(value, "true"));
}

/* --- places --- */

static void
begin_group(struct slide_reading *x)
{
	if (x->group_count < SLIDE_GROUPS)
		x->groups[x->group_count] = (struct group){0};
	x->group_count++;
	x->in_group_properties = true;
}

/* Takes a point or a size of the current shape or group. */
static void
take_place(struct slide_reading *x, const char *name, const char **attributes)
{
	struct group *g = x->group_count && x->group_count <= SLIDE_GROUPS ? &x->groups[x->group_count - 1] : NULL;
	double a = slide_number_of(attributes, is_name(name, "off") || is_name(name, "chOff") ? "x" : "cx"),
	       b = slide_number_of(attributes, is_name(name, "off") || is_name(name, "chOff") ? "y" : "cy");

	if (x->shape && is_name(name, "off"))
		x->shape->x = a, x->shape->y = b, x->shape->placed = true;
	else if (x->shape && is_name(name, "ext"))
		x->shape->width = a, x->shape->height = b;
	else if (x->shape || !g)
		return;
	else if (is_name(name, "off"))
		g->x = a, g->y = b;
	else if (is_name(name, "ext"))
		g->width = a, g->height = b;
	else if (is_name(name, "chOff"))
		g->inner_x = a, g->inner_y = b;
	else
		g->inner_width = a, g->inner_height = b;
}

static void
place_in_groups(const struct slide_reading *x, struct shape *s)
{
	for (unsigned i = x->group_count < SLIDE_GROUPS ? x->group_count : SLIDE_GROUPS; i > 0; i--) {
		const struct group *g = &x->groups[i - 1];
		double scale_x = g->inner_width > 0 ? g->width / g->inner_width : 1,
		       scale_y = g->inner_height > 0 ? g->height / g->inner_height : 1;

		s->x = g->x + (s->x - g->inner_x) * scale_x;
		s->y = g->y + (s->y - g->inner_y) * scale_y;
		s->width *= scale_x;
		s->height *= scale_y;
	}
}

/* --- shapes --- */

static void
begin_shape(struct slide_reading *x, bool frame)
{
	struct shapes *out = x->out;

	out->v = buf_grow(out->v, out->count, sizeof(*out->v));
	x->shape = &out->v[out->count];
	*x->shape = (struct shape){.order = out->count++};
	md_begin(&x->shape->md, DOC_TEXT);
	x->md = &x->shape->md;
	x->depth = 0;
	x->hidden = x->pictured = x->linked = false;
	x->frame = frame;
	x->tables = 0;
}

static bool
is_kept(const struct slide_reading *x)
{
	static const char *const repeated[] = {"sldNum", "dt", "ftr", "hdr", NULL}, *const of_slide[] = {"sldImg",
													 "title", NULL};
	const struct shape *s = x->shape;

	if (x->hidden) {
		if (!md_is_empty(&s->md))
			doc_missing(x->d, "hidden shapes");
		return false;
	}
	return !word_is_in(s->type, repeated) && (x->s->kind != SHAPES_NOTES || !word_is_in(s->type, of_slide));
}

/* A shape without other text has the description of what it shows. */
static void
end_shape(struct slide_reading *x)
{
	struct shape *s = x->shape;

	slide_text_leave(x);
	md_block(x->md);
	if (x->pictured && md_is_empty(x->md) && !x->picture)
		doc_missing(x->d, "pictures");
	if (x->picture)
		md_image(x->md, x->picture, x->alt);
	else if (x->alt && (x->frame || md_is_empty(x->md)))
		md_text(x->md, x->alt, strlen(x->alt));
	md_block(x->md);
	free(x->picture);
	free(x->alt);
	x->picture = x->alt = NULL;
	place_in_groups(x, s);
	if (!is_kept(x) || (s->type[0] == '\0' && md_is_empty(&s->md))) {
		md_free(&s->md);
		x->out->count--;
	}
	x->shape = NULL;
	x->md = NULL;
}

static void
take_placeholder(struct slide_reading *x, const char **attributes)
{
	const char *type = xml_attribute(attributes, "type");

	snprintf(x->shape->type, sizeof(x->shape->type), "%s", type ? type : "obj");
	x->shape->index = (long)slide_number_of(attributes, "idx");
}

static void
take_name(struct slide_reading *x, const char **attributes)
{
	const char *alt = xml_attribute(attributes, "descr");

	if (x->alt || x->depth > 3) /* of something within the shape */
		return;
	x->hidden = is_on(xml_attribute(attributes, "hidden"));
	x->alt = alt && *alt ? buf_strdup(alt) : NULL;
}

static void
take_picture(struct slide_reading *x, const char *id)
{
	const struct opc_relation *r = opc_find(x->s->rels, id);
	const char *saved;

	if (!id || x->s->kind == SHAPES_LAYOUT)
		return;
	x->pictured = true;
	saved = r && !r->external ? members_picture(x->s->m, x->s->saved, x->d, r->target, x->alt) : NULL;
	if (saved && !x->picture)
		x->picture = buf_strdup(saved);
	else if (!saved)
		doc_missing(x->d, "pictures");
}

/* A chart or a diagram, which is a part of its own. */
static void
take_part(struct slide_reading *x, const char *name, const char **attributes)
{
	bool chart = is_name(name, "chart");
	const struct member_one *part =
		opc_part(x->s->m, x->s->rels, chart ? xml_relation_id(attributes) : xml_attribute(attributes, "dm"));

	if (x->s->kind == SHAPES_LAYOUT)
		return;
	if (!(chart ? chart_put(part, x->d, x->md) : diagram_put(part, x->d, x->md)))
		doc_missing(x->d, chart ? "charts" : "diagrams");
}

/* --- the part --- */

static void
begin_in_shape(struct slide_reading *x, const char *name, const char **attributes)
{
	if (x->in_formula)
		slide_text_begin(x, name, attributes);
	else if (is_name(name, "cNvPr"))
		take_name(x, attributes);
	else if (is_name(name, "ph"))
		take_placeholder(x, attributes);
	else if (is_name(name, "xfrm"))
		x->in_place = true;
	else if (x->in_place && word_is_one_of(name, "off", "ext"))
		take_place(x, name, attributes);
	else if (is_name(name, "blip"))
		take_picture(x, xml_attribute(attributes, "embed"));
	else if (is_name(name, "chart") || is_name(name, "relIds"))
		take_part(x, name, attributes);
	else if (is_name(name, "oleObj"))
		doc_missing(x->d, "embedded objects");
	else if (word_is_one_of(name, "videoFile", "audioFile", "quickTimeFile"))
		doc_missing(x->d, "sound and video");
	else
		slide_text_begin(x, name, attributes);
}

/* Of alternatives the first is read, unless that is a drawing of an old kind; then the other one has what is shown. */
static bool
is_other_choice(struct slide_reading *x, const char *name, const char **attributes)
{
	const char *needs;

	if (is_name(name, "AlternateContent"))
		x->chosen = false;
	if (is_name(name, "Fallback"))
		return x->chosen;
	if (!is_name(name, "Choice"))
		return false;
	needs = xml_attribute(attributes, "Requires");
	if (needs && is_name(needs, "v"))
		return true;
	x->chosen = true;
	return false;
}

static void
on_begin(void *arg, const char *name, const char **attributes)
{
	struct slide_reading *x = arg;

	if (x->ignore || is_other_choice(x, name, attributes)) {
		x->ignore++;
		return;
	}
	if (x->shape) {
		x->depth++;
		begin_in_shape(x, name, attributes);
	} else if (word_is_one_of(name, "sp", "pic", "graphicFrame", "cxnSp") && x->out->count < SHAPES_MAX)
		begin_shape(x, is_name(name, "graphicFrame"));
	else if (is_name(name, "grpSp"))
		begin_group(x);
	else if (word_is_one_of(name, "off", "ext", "chOff", "chExt") && x->in_group_properties)
		take_place(x, name, attributes);
	else if (is_name(name, "t") && x->s->kind != SHAPES_LAYOUT) { /* a text that is in no shape */
		begin_shape(x, false);
		x->in_text = true;
	} else if (x->out->count == SHAPES_MAX)
		x->d->truncated = true;
}

static void
on_end(void *arg, const char *name)
{
	struct slide_reading *x = arg;

	if (x->ignore) {
		x->ignore--;
	} else if (x->shape && x->depth == 0) {
		x->in_text = false;
		end_shape(x);
	} else if (x->shape) {
		if (is_name(name, "xfrm"))
			x->in_place = false;
		slide_text_end(x, name);
		x->depth--;
	} else if (is_name(name, "grpSp") && x->group_count > 0)
		x->group_count--;
	else if (is_name(name, "grpSpPr"))
		x->in_group_properties = false;
}

static void
on_text(void *arg, const char *s, size_t n)
{
	struct slide_reading *x = arg;

	if ((!x->in_text && !x->in_formula) || x->ignore)
		return;
	if (x->s->kind == SHAPES_LAYOUT) {
		/* What is not a placeholder is shown on each slide. */
		for (size_t i = 0; i < n && x->shape && !x->shape->type[0]; i++)
			if ((unsigned char)s[i] > ' ')
				doc_missing(x->d, "text of slide masters");
		return;
	}
	slide_text_put(x, s, n);
}

void
shapes_read(const struct shapes_source *s, const struct member_one *part, struct doc *d, struct shapes *out)
{
	struct slide_reading x = {.s = s, .d = d, .out = out};

	*out = (struct shapes){0};
	if (!xml_read(&(struct xml_reader){.begin = on_begin, .end = on_end, .text = on_text, .arg = &x}, part->bytes,
		      part->n) &&
	    s->kind != SHAPES_LAYOUT)
		d->truncated = true;
	if (x.shape)
		end_shape(&x);
	omml_free(x.formula);
}
