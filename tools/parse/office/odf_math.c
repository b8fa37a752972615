/* Formulas of OpenDocument, which are objects of MathML, and other objects. */
#include <stdio.h>
#include <string.h>

#include "base/words.h"
#include "office/odf_internal.h"
#include "web/dom.h"
#include "web/math_tex.h"
#include "xml.h"

enum { MATHML = 1 << 20 };

static void
add_escaped(struct buf *out, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (s[i] == '<')
			buf_str(out, "&lt;");
		else if (s[i] == '&')
			buf_str(out, "&amp;");
		else if (s[i] == '"')
			buf_str(out, "&quot;");
		else
			buf_add(out, s + i, 1);
}

void
odf_math_begin(struct odf *x, const char *name, const char **attributes)
{
	x->in_math++;
	buf_printf(&x->mathml, "<%s", name);
	for (; attributes[0] && x->mathml.len < MATHML; attributes += 2) {
		buf_printf(&x->mathml, " %s=\"", attributes[0]);
		add_escaped(&x->mathml, attributes[1], strlen(attributes[1]));
		buf_str(&x->mathml, "\"");
	}
	buf_str(&x->mathml, ">");
}

static void
put_formula(struct odf *x)
{
	const GumboNode *document;
	struct buf tex = {0};
	struct dom dom;
	uint32_t math;
	bool cut;

	document = x->mathml.len < MATHML ? tree_parse(x->tree, x->mathml.data, x->mathml.len, &cut) : NULL;
	if (document) {
		dom_make(&dom, document);
		math = dom_find(&dom, 0, dom.count, GUMBO_TAG_MATH);
		if (math < dom.count)
			math_tex_add(&dom, math, &tex);
		dom_free(&dom);
	}
	tree_drop(x->tree);
	if (tex.len > 0)
		math_tex_put(x->md, tex.data);
	else
		doc_missing(x->d, "formulas");
	buf_free(&tex);
	buf_clear(&x->mathml);
}

void
odf_math_end(struct odf *x, const char *name)
{
	buf_printf(&x->mathml, "</%s>", name);
	if (--x->in_math == 0)
		put_formula(x);
}

void
odf_math_text(struct odf *x, const char *s, size_t n)
{
	if (x->mathml.len < MATHML)
		add_escaped(&x->mathml, s, n);
}

/* --- objects --- */

struct object {
	struct odf *x;
	const char *missing;
	bool chart;
};

static void
object_begin(void *arg, const char *name, const char **attributes)
{
	struct object *o = arg;

	if (o->x->in_math > 0 || strcmp(name, "math") == 0) {
		odf_math_begin(o->x, name, attributes);
		o->missing = NULL;
	} else if (strcmp(name, "chart") == 0) {
		o->chart = true;
		o->missing = NULL;
	}
}

static void
object_end(void *arg, const char *name)
{
	struct object *o = arg;

	if (o->x->in_math > 0)
		odf_math_end(o->x, name);
}

static void
object_text(void *arg, const char *s, size_t n)
{
	struct object *o = arg;

	if (o->x->in_math > 0)
		odf_math_text(o->x, s, n);
}

/* Behind the paragraph that it is in. */
static void
put_chart(struct odf *x, const char *href)
{
	md_aside_begin(x->md);
	odf_chart_put(x->m, href, x->d, x->md);
	md_aside_end(x->md);
}

void
odf_put_object(struct odf *x, const char *href)
{
	struct object o = {x, "embedded objects", false};
	const struct member_one *part;
	struct buf name = {0};

	href += strncmp(href, "./", 2) == 0 ? 2 : 0;
	buf_add(&name, href, strlen(href) - word_ends_in(href, "/"));
	buf_str(&name, "/content.xml");
	part = members_find(x->m, name.data);
	if (part)
		xml_read(&(struct xml_reader){.begin = object_begin, .end = object_end, .text = object_text, .arg = &o},
			 part->bytes, part->n);
	if (x->in_math > 0) {
		doc_missing(x->d, "formulas"); /* it is damaged */
		x->in_math = 0;
		buf_clear(&x->mathml);
	}
	if (o.missing)
		doc_missing(x->d, o.missing);
	if (o.chart)
		put_chart(x, href);
	buf_free(&name);
}
