#include "office/odf_chart.h"

#include <string.h>

#include "base/words.h"
#include "xml.h"

enum { COLUMNS = 200 };

void
odf_chart_open(struct odf_chart *c, struct doc *d, struct md *md)
{
	*c = (struct odf_chart){.d = d, .md = md, .depth = 1};
	md_block(md);
}

void
odf_chart_begin(struct odf_chart *c, const char *name, const char **attributes)
{
	c->depth++;
	if (word_is_one_of(name, "title", "subtitle", "footer"))
		c->in_title = true;
	else if (strcmp(name, "table") == 0 && !c->in_table) {
		c->in_table = true;
		md_table(c->md);
	} else if (strcmp(name, "table-row") == 0)
		c->cells = 0;
	else if (strcmp(name, "table-cell") == 0 && c->in_table) {
		c->in_cell = true;
		md_cell_begin(c->md);
	} else if (strcmp(name, "g") == 0)
		c->in_group = c->in_cell; /* the range of cells that the numbers are from */
	(void)attributes;
}

static void
end_cell(struct odf_chart *c)
{
	md_cell_end(c->md, 1);
	c->in_cell = false;
	c->cells += c->cells < COLUMNS;
}

static void
close_one(struct odf_chart *c)
{
	if (--c->depth > 0)
		return;
	md_block(c->md);
	if (!c->some)
		doc_missing(c->d, "charts");
}

void
odf_chart_end(struct odf_chart *c, const char *name)
{
	if (word_is_one_of(name, "title", "subtitle", "footer")) {
		md_block(c->md);
		c->in_title = false;
	} else if (strcmp(name, "p") == 0)
		c->md->space = true;
	else if (strcmp(name, "g") == 0)
		c->in_group = false;
	else if (strcmp(name, "table-cell") == 0 && c->in_cell)
		end_cell(c);
	else if (strcmp(name, "table-row") == 0 && c->in_table)
		md_row(c->md, c->cells);
	else if (strcmp(name, "table") == 0 && c->in_table) {
		c->in_table = false;
		md_block(c->md);
	}
	close_one(c);
}

/* A number that is missing is NaN. */
void
odf_chart_text(struct odf_chart *c, const char *s, size_t n)
{
	if ((!c->in_title && !c->in_cell) || c->in_group || (c->in_cell && n == 3 && memcmp(s, "NaN", 3) == 0))
		return;
	md_text(c->md, s, n);
	c->some = true;
}

void
odf_chart_close(struct odf_chart *c)
{
	if (c->depth == 0)
		return;
	if (c->in_cell)
		end_cell(c);
	if (c->in_table)
		md_row(c->md, c->cells);
	c->depth = 1;
	close_one(c);
}

/* --- an object that is a part of its own --- */

struct object {
	struct odf_chart chart;
	struct doc *d;
	struct md *md;
	bool is_chart;
};

static void
on_begin(void *arg, const char *name, const char **attributes)
{
	struct object *o = arg;

	if (o->chart.depth > 0)
		odf_chart_begin(&o->chart, name, attributes);
	else if (strcmp(name, "chart") == 0) {
		o->is_chart = true;
		odf_chart_open(&o->chart, o->d, o->md);
	}
}

static void
on_end(void *arg, const char *name)
{
	struct object *o = arg;

	if (o->chart.depth > 0)
		odf_chart_end(&o->chart, name);
}

static void
on_text(void *arg, const char *s, size_t n)
{
	struct object *o = arg;

	if (o->chart.depth > 0)
		odf_chart_text(&o->chart, s, n);
}

void
odf_chart_put(const struct members *m, const char *href, struct doc *d, struct md *md)
{
	struct object o = {.d = d, .md = md};
	const struct member_one *part;
	struct buf name = {0};

	href += strncmp(href, "./", 2) == 0 ? 2 : 0;
	buf_add(&name, href, strlen(href) - word_ends_in(href, "/"));
	buf_str(&name, "/content.xml");
	part = members_find(m, name.data);
	if (part && !xml_read(&(struct xml_reader){.begin = on_begin, .end = on_end, .text = on_text, .arg = &o},
			      part->bytes, part->n))
		d->truncated = true;
	odf_chart_close(&o.chart);
	if (!o.is_chart)
		doc_missing(d, part ? "embedded objects" : "charts");
	buf_free(&name);
}
