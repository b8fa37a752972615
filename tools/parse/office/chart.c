#include "office/chart.h"

#include <stdlib.h>
#include <string.h>

#include "base/words.h"
#include "office/number_format.h"
#include "xml.h"

enum { SERIES = 100, POINTS = 10000, VALUE = 1000 };

/* Texts by their number; NULL: there is none. */
struct points {
	char **v;
	size_t count;
};

struct series {
	char *name;
	struct points categories, values;
};

struct reading {
	struct md *md;
	bool some, cut;
	struct series *series;
	size_t count;
	struct points *points; /* that are read: of a part of a series */
	bool in_title, in_name, in_text;
	size_t index;
	struct buf text, code; /* of a point, and its number format */
	bool in_code;
};

static void
set_point(struct reading *x)
{
	struct points *p = x->points;
	char *end;
	double value;
	struct buf shown = {0};

	if (!p || x->index >= POINTS || x->text.len == 0) {
		x->cut = x->cut || (p && x->index >= POINTS);
		return;
	}
	while (p->count <= x->index) {
		p->v = buf_grow(p->v, p->count, sizeof(*p->v));
		p->v[p->count++] = NULL;
	}
	value = strtod(x->text.data, &end);
	if (*end == '\0' && x->code.len)
		number_format_put(x->code.data, value, false, &shown);
	else
		buf_str(&shown, x->text.data);
	free(p->v[x->index]);
	p->v[x->index] = shown.data;
}

static void
add_series(struct reading *x)
{
	if (x->count == SERIES) {
		x->cut = true;
		return;
	}
	x->series = buf_grow(x->series, x->count, sizeof(*x->series));
	x->series[x->count++] = (struct series){0};
}

static void
on_begin(void *arg, const char *name, const char **attributes)
{
	struct reading *x = arg;
	const char *index = xml_attribute(attributes, "idx");
	struct series *s = x->count ? &x->series[x->count - 1] : NULL;

	if (strcmp(name, "title") == 0)
		x->in_title = true;
	else if (strcmp(name, "ser") == 0)
		add_series(x);
	else if (strcmp(name, "tx") == 0 && s && !x->in_title)
		x->in_name = true;
	else if (s && word_is_one_of(name, "cat", "xVal"))
		x->points = &s->categories;
	else if (s && word_is_one_of(name, "val", "yVal"))
		x->points = &s->values;
	else if (strcmp(name, "pt") == 0)
		x->index = index ? strtoul(index, NULL, 10) : 0;
	else if (word_is_one_of(name, "v", "t")) {
		x->in_text = true;
		buf_clear(&x->text);
	} else if (strcmp(name, "formatCode") == 0) {
		x->in_code = true;
		buf_clear(&x->code);
	} else if (word_is_one_of(name, "numCache", "strCache", "multiLvlStrCache"))
		buf_clear(&x->code);
}

static void
end_text(struct reading *x)
{
	struct series *s = x->count ? &x->series[x->count - 1] : NULL;

	x->in_text = false;
	if (x->text.len == 0)
		return;
	if (x->in_title) {
		md_text(x->md, x->text.data, x->text.len);
		x->some = true;
	} else if (x->in_name && s && !s->name)
		s->name = buf_strdup(x->text.data);
	else
		set_point(x);
}

static void
on_end(void *arg, const char *name)
{
	struct reading *x = arg;

	if (word_is_one_of(name, "v", "t"))
		end_text(x);
	else if (strcmp(name, "formatCode") == 0)
		x->in_code = false;
	else if (strcmp(name, "tx") == 0)
		x->in_name = false;
	else if (word_is_one_of(name, "cat", "xVal", "val", "yVal"))
		x->points = NULL;
	else if (x->in_title && strcmp(name, "p") == 0)
		x->md->space = true;
	else if (strcmp(name, "title") == 0) {
		md_block(x->md);
		x->in_title = false;
	}
}

static void
on_text(void *arg, const char *s, size_t n)
{
	struct reading *x = arg;
	struct buf *out = x->in_text ? &x->text : &x->code;

	if ((x->in_text || x->in_code) && out->len + n < VALUE)
		buf_add(out, s, n);
}

static void
put_cell(struct md *md, const char *text)
{
	md_cell_begin(md);
	if (text)
		md_text(md, text, strlen(text));
	md_cell_end(md, 1);
}

/* A row for each category, a column for each series. */
static void
put_table(struct reading *x)
{
	size_t rows = 0;
	const struct points *categories = &x->series[0].categories;

	for (size_t i = 0; i < x->count; i++)
		rows = x->series[i].values.count > rows ? x->series[i].values.count : rows;
	x->some = x->some || rows > 0;
	if (rows == 0)
		return;
	md_table(x->md);
	put_cell(x->md, NULL);
	for (size_t i = 0; i < x->count; i++)
		put_cell(x->md, x->series[i].name);
	md_row(x->md, x->count + 1);
	for (size_t row = 0; row < rows && !x->md->full; row++) {
		put_cell(x->md, row < categories->count ? categories->v[row] : NULL);
		for (size_t i = 0; i < x->count; i++) {
			const struct points *p = &x->series[i].values;

			put_cell(x->md, row < p->count ? p->v[row] : NULL);
		}
		md_row(x->md, x->count + 1);
	}
	md_block(x->md);
}

static void
free_points(struct points *p)
{
	for (size_t i = 0; i < p->count; i++)
		free(p->v[i]);
	free(p->v);
}

bool
chart_put(const struct member_one *part, struct doc *d, struct md *md)
{
	struct reading x = {.md = md};

	if (!part)
		return false;
	md_block(md);
	if (!xml_read(&(struct xml_reader){.begin = on_begin, .end = on_end, .text = on_text, .arg = &x}, part->bytes,
		      part->n))
		x.cut = true;
	md_block(md);
	if (x.count)
		put_table(&x);
	d->truncated = d->truncated || x.cut;
	for (size_t i = 0; i < x.count; i++) {
		free(x.series[i].name);
		free_points(&x.series[i].categories);
		free_points(&x.series[i].values);
	}
	free(x.series);
	buf_free(&x.text);
	buf_free(&x.code);
	return x.some;
}
