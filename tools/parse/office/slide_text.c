/* Paragraphs, lists and tables in shapes. */
#include <stdlib.h>
#include <string.h>

#include "base/words.h"
#include "office/slide_internal.h"
#include "web/math_tex.h"
#include "xml.h"

enum { TITLE = 2 };

static bool
is_name(const char *name, const char *other)
{
	return strcmp(name, other) == 0;
}

double
slide_number_of(const char **attributes, const char *name)
{
	const char *value = xml_attribute(attributes, name);

	return value ? strtod(value, NULL) : 0;
}

static void
leave_items(struct slide_reading *x, int level)
{
	while (x->items > 0 && x->item_level[x->items - 1] >= level) {
		md_leave(x->md);
		x->items--;
	}
}

static bool
is_title(const struct slide_reading *x)
{
	return x->s->kind == SHAPES_SLIDE && word_is_one_of(x->shape->type, "title", "ctrTitle");
}

/* Whether the paragraph is a list's item: it says so, or its shape, or the placeholder that the shape comes from, or
 * else it is in a placeholder for lists. */
static bool
is_item(const struct slide_reading *x)
{
	const struct shape *s = x->shape, *origin = s->type[0] && x->s->layout ? shapes_origin(s, x->s->layout) : NULL;
	char bullets = x->bullet ? x->bullet : s->bullets ? s->bullets : origin ? origin->bullets : '\0';

	if (bullets || x->s->kind != SHAPES_SLIDE)
		return bullets == 'y';
	return word_is_one_of(s->type, "body", "obj");
}

static void
open_item(struct slide_reading *x)
{
	long number = -1;

	leave_items(x, x->level);
	for (int i = x->level + 1; i <= SLIDE_LEVELS; i++)
		x->count[i] = 0;
	if (x->counted) {
		number = x->count[x->level] ? x->count[x->level] + 1 : x->start;
		number = number < MD_NUMBERS ? number : 1;
		x->count[x->level] = number;
	} else {
		x->count[x->level] = 0;
	}
	md_item(x->md, number);
	x->item_level[x->items++] = x->level;
}

/* The kind of a paragraph is known when its text begins. */
void
slide_text_open(struct slide_reading *x)
{
	if (x->opened)
		return;
	x->opened = true;
	if (x->tables) {
		x->md->space = true;
	} else if (is_title(x)) {
		md_heading(x->md, TITLE);
	} else if (is_item(x)) {
		open_item(x);
	} else {
		leave_items(x, 0);
		memset(x->count, 0, sizeof(x->count));
		md_block(x->md);
	}
}

/* --- runs and formulas --- */

static void
set_marks(struct slide_reading *x, const bool wanted[MD_LINK])
{
	for (int mark = 0; mark < MD_LINK; mark++) {
		if (x->set[mark] == wanted[mark])
			continue;
		x->set[mark] = wanted[mark];
		if (wanted[mark])
			md_open(x->md, (enum md_mark)mark, NULL);
		else
			md_close(x->md, (enum md_mark)mark);
	}
}

static void
begin_run(struct slide_reading *x)
{
	memset(x->wanted, 0, sizeof(x->wanted));
	x->script = SCRIPT_NONE;
}

static void
take_run(struct slide_reading *x, const char **attributes)
{
	const char *strike = xml_attribute(attributes, "strike");
	double baseline = slide_number_of(attributes, "baseline");

	x->wanted[MD_STRONG] = word_is_one_of(xml_attribute(attributes, "b"), "1", "true") && !is_title(x);
	x->wanted[MD_EMPHASIS] = word_is_one_of(xml_attribute(attributes, "i"), "1", "true");
	x->wanted[MD_DELETED] = strike && !is_name(strike, "noStrike");
	x->script = baseline > 0 ? SCRIPT_SUPER : baseline < 0 ? SCRIPT_SUB : SCRIPT_NONE;
}

void
slide_text_put(struct slide_reading *x, const char *s, size_t n)
{
	struct buf text = {0};

	if (x->in_formula) {
		omml_text(x->formula, s, n);
		return;
	}
	slide_text_open(x);
	set_marks(x, x->wanted);
	if (x->script == SCRIPT_NONE) {
		md_text(x->md, s, n);
		return;
	}
	buf_add(&text, s, n);
	script_text_put(x->md, x->script, text.data);
	buf_free(&text);
}

static void
begin_formula(struct slide_reading *x)
{
	if (x->s->kind == SHAPES_LAYOUT)
		return;
	if (!x->formula)
		x->formula = omml_new();
	x->in_formula = 1;
}

static void
end_in_formula(struct slide_reading *x, const char *name)
{
	if (--x->in_formula > 0) {
		omml_end(x->formula, name);
		return;
	}
	if (*omml_tex(x->formula)) {
		slide_text_open(x);
		math_tex_put(x->md, omml_tex(x->formula));
	}
	omml_clear(x->formula);
}

/* --- paragraphs --- */

static void
begin_paragraph(struct slide_reading *x)
{
	x->level = 0;
	x->bullet = '\0';
	x->counted = x->opened = false;
	x->start = 1;
}

static void
end_paragraph(struct slide_reading *x)
{
	set_marks(x, (bool[MD_LINK]){false});
	if (is_title(x) || x->tables)
		x->md->space = true; /* one heading, or one cell */
	else
		md_block(x->md);
	x->opened = false;
}

static void
take_paragraph(struct slide_reading *x, const char **attributes)
{
	double level = slide_number_of(attributes, "lvl");

	x->level = level > 0 && level < SLIDE_LEVELS ? (int)level : 0;
}

static void
take_bullet(struct slide_reading *x, const char *name, const char **attributes)
{
	char bullet = is_name(name, "buNone") ? 'n' : 'y';

	if (x->in_list_style) {
		x->shape->bullets = x->shape->bullets ? x->shape->bullets : bullet; /* of the first level */
		return;
	}
	x->bullet = bullet;
	x->counted = is_name(name, "buAutoNum");
	x->start = xml_attribute(attributes, "startAt") ? (long)slide_number_of(attributes, "startAt") : 1;
	x->start = x->start > 0 && x->start < MD_NUMBERS ? x->start : 1;
}

static void
open_link(struct slide_reading *x, const char **attributes)
{
	const char *url = opc_url(x->s->rels, xml_relation_id(attributes));

	if (!url || x->s->kind == SHAPES_LAYOUT)
		return;
	doc_link(x->d, url, NULL);
	if (x->linked || x->depth < 5) /* the shape links, not its text */
		return;
	slide_text_open(x);
	set_marks(x, (bool[MD_LINK]){false});
	md_open(x->md, MD_LINK, url);
	x->linked = true;
}

static void
close_run(struct slide_reading *x)
{
	if (x->linked) {
		set_marks(x, (bool[MD_LINK]){false});
		md_close(x->md, MD_LINK);
	}
	x->linked = false;
}

void
slide_text_begin(struct slide_reading *x, const char *name, const char **attributes)
{
	if (x->in_formula) {
		x->in_formula++;
		omml_begin(x->formula, name, attributes);
	} else if (is_name(name, "t"))
		x->in_text = true;
	else if (is_name(name, "p"))
		begin_paragraph(x);
	else if (is_name(name, "r") || is_name(name, "fld"))
		begin_run(x);
	else if (is_name(name, "rPr"))
		take_run(x, attributes);
	else if (is_name(name, "pPr"))
		take_paragraph(x, attributes);
	else if (is_name(name, "br")) {
		if (x->opened)
			md_break(x->md);
	} else if (word_is_one_of(name, "buNone", "buChar", "buAutoNum", "buBlip"))
		take_bullet(x, name, attributes);
	else if (is_name(name, "hlinkClick"))
		open_link(x, attributes);
	else if (is_name(name, "lstStyle"))
		x->in_list_style = true;
	else if (is_name(name, "oMath"))
		begin_formula(x);
	else if (is_name(name, "tbl")) {
		leave_items(x, 0);
		if (x->tables++ == 0)
			md_table(x->md);
	} else if (is_name(name, "tc") && x->tables == 1)
		md_cell_begin(x->md);
}

void
slide_text_end(struct slide_reading *x, const char *name)
{
	if (x->in_formula)
		end_in_formula(x, name);
	else if (is_name(name, "t"))
		x->in_text = false;
	else if (is_name(name, "p"))
		end_paragraph(x);
	else if (is_name(name, "r") || is_name(name, "fld"))
		close_run(x);
	else if (is_name(name, "lvl1pPr") || is_name(name, "lstStyle"))
		x->in_list_style = false;
	else if (is_name(name, "tc") && x->tables == 1) {
		md_cell_end(x->md, 1);
		x->cells++;
	} else if (is_name(name, "tr") && x->tables == 1) {
		md_row(x->md, x->cells < SLIDE_CELLS ? x->cells : SLIDE_CELLS);
		x->cells = 0;
	} else if (is_name(name, "tbl") && x->tables > 0)
		x->tables--;
}

void
slide_text_leave(struct slide_reading *x)
{
	set_marks(x, (bool[MD_LINK]){false});
	leave_items(x, 0);
}
