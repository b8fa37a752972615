#include "web/math_tex.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum { DEPTH = 40, CHILDREN = 4 };

/* Elements of MathML, and what TeX has between their parts. %1 is the first part. */
static const struct {
	const char *name;
	unsigned parts;
	const char *form;
} forms[] = {
	{"msup", 2, "%1^%2"},           {"msub", 2, "%1_%2"},           {"msubsup", 3, "%1_%2^%3"},
	{"mfrac", 2, "\\frac{%a}{%b}"}, {"mroot", 2, "\\sqrt[%b]{%a}"}, {"munder", 2, "%1_%2"},
	{"mover", 2, "%1^%2"},          {"munderover", 3, "%1_%2^%3"},  {"mmultiscripts", 3, "%1_%2^%3"},
};

/* The name of an element of MathML, "" for a text. N: its length. Gumbo does not know all of these names. */
static const char *
name_of(const struct dom *d, uint32_t i, size_t *n)
{
	const GumboNode *node = d->nodes[i].node;
	GumboStringPiece tag = {.data = "", .length = 0};

	if (node->type == GUMBO_NODE_ELEMENT) {
		tag = node->v.element.original_tag;
		gumbo_tag_from_original_text(&tag);
	}
	*n = tag.data ? tag.length : 0;
	return *n ? tag.data : "";
}

static bool
is_named(const struct dom *d, uint32_t i, const char *name)
{
	size_t n;
	const char *has = name_of(d, i, &n);

	return n == strlen(name) && strncasecmp(has, name, n) == 0;
}

/* The annotation with TeX below I; 0 if there is none. */
static uint32_t
find_annotation(const struct dom *d, uint32_t i)
{
	for (uint32_t k = i + 1; k < d->nodes[i].end; k++) {
		const char *encoding = is_named(d, k, "annotation") ? dom_attribute(d, k, "encoding") : NULL;

		if (encoding && (strcasestr(encoding, "tex") || strcasestr(encoding, "latex")))
			return k;
	}
	return 0;
}

/* Texts below I as they stand, without blanks around each. */
static void
add_text(const struct dom *d, uint32_t i, struct buf *out)
{
	for (uint32_t k = i; k < d->nodes[i].end; k++) {
		const char *text = dom_text(d, k);
		size_t n;

		while (text && isspace((unsigned char)*text))
			text++;
		n = text ? strlen(text) : 0;
		while (n > 0 && isspace((unsigned char)text[n - 1]))
			n--;
		buf_add(out, text ? text : "", n);
	}
}

static void add_part(const struct dom *d, uint32_t i, unsigned depth, struct buf *out);

/* The children of I one after the other. */
static void
add_row(const struct dom *d, uint32_t i, unsigned depth, struct buf *out)
{
	for (uint32_t k = i + 1; k < d->nodes[i].end; k = d->nodes[k].end)
		add_part(d, k, depth, out);
}

void
math_tex_add_braced(struct buf *out, const char *part)
{
	size_t characters = 0;

	for (const char *s = part; *s; s++)
		characters += ((unsigned char)*s & 0xc0) != 0x80;
	buf_printf(out, characters == 1 ? "%s" : "{%s}", part);
}

static void
add_braced(const struct dom *d, uint32_t i, unsigned depth, struct buf *out)
{
	struct buf part = {0};

	add_part(d, i, depth, &part);
	math_tex_add_braced(out, part.len ? part.data : "");
	buf_free(&part);
}

/* Writes an element by its form. False if it does not have the parts that the form needs. */
static bool
add_form(const struct dom *d, uint32_t i, const char *form, unsigned parts, unsigned depth, struct buf *out)
{
	uint32_t child[CHILDREN];
	unsigned n = 0;

	for (uint32_t k = i + 1; k < d->nodes[i].end; k = d->nodes[k].end) {
		if (d->nodes[k].node->type != GUMBO_NODE_ELEMENT)
			continue;
		if (n == CHILDREN)
			return false;
		child[n++] = k;
	}
	if (n < parts)
		return false;
	for (; *form; form++)
		if (*form != '%')
			buf_add(out, form, 1);
		else if (isdigit((unsigned char)*++form))
			add_braced(d, child[*form - '1'], depth, out);
		else
			add_part(d, child[*form - 'a'], depth, out);
	return true;
}

/* A table of cells: & between those of a row, \\ between rows. */
static void
add_cells(const struct dom *d, uint32_t i, unsigned depth, struct buf *out)
{
	bool row = is_named(d, i, "mtable"), first = true;

	if (row)
		buf_str(out, "\\begin{matrix}");
	for (uint32_t k = i + 1; k < d->nodes[i].end; k = d->nodes[k].end) {
		if (d->nodes[k].node->type != GUMBO_NODE_ELEMENT)
			continue;
		buf_str(out, first ? "" : row ? " \\\\ " : " & ");
		first = false;
		add_part(d, k, depth, out);
	}
	if (row)
		buf_str(out, "\\end{matrix}");
}

static void
add_part(const struct dom *d, uint32_t i, unsigned depth, struct buf *out)
{
	if (depth == 0 || d->nodes[i].node->type != GUMBO_NODE_ELEMENT) {
		add_text(d, i, out);
		return;
	}
	if (is_named(d, i, "annotation") || is_named(d, i, "annotation-xml") || is_named(d, i, "none"))
		return;
	for (size_t f = 0; f < sizeof(forms) / sizeof(forms[0]); f++)
		if (is_named(d, i, forms[f].name) && add_form(d, i, forms[f].form, forms[f].parts, depth - 1, out))
			return;
	if (is_named(d, i, "msqrt")) {
		buf_str(out, "\\sqrt{");
		add_row(d, i, depth - 1, out);
		buf_str(out, "}");
	} else if (is_named(d, i, "mfenced")) {
		buf_str(out, "(");
		add_row(d, i, depth - 1, out);
		buf_str(out, ")");
	} else if (is_named(d, i, "mtable") || is_named(d, i, "mtr")) {
		add_cells(d, i, depth - 1, out);
	} else if (is_named(d, i, "mspace")) {
		buf_str(out, " ");
	} else {
		add_row(d, i, depth - 1, out);
	}
}

void
math_tex_add(const struct dom *d, uint32_t i, struct buf *out)
{
	const char *alt = dom_attribute(d, i, "alttext");
	uint32_t annotation = find_annotation(d, i);

	if (dom_tag(d, i) == GUMBO_TAG_SCRIPT)
		add_text(d, i, out);
	else if (annotation)
		add_text(d, annotation, out);
	else if (alt && *alt)
		buf_str(out, alt);
	else
		add_part(d, i, DEPTH, out);
	buf_str(out, "");
}

bool
math_tex_is_picture(const struct dom *d, uint32_t i)
{
	const char *class = dom_attribute(d, i, "class"), *alt = dom_attribute(d, i, "alt");

	return class && alt && *alt &&
	       (strcasestr(class, "mwe-math") || strcasecmp(class, "latex") == 0 || strcasecmp(class, "tex") == 0);
}

void
math_tex_put(struct md *m, const char *tex)
{
	static const char wrapper[] = "{\\displaystyle ";
	size_t n = tex ? strlen(tex) : 0;

	if (n > sizeof(wrapper) && strncmp(tex, wrapper, sizeof(wrapper) - 1) == 0 && tex[n - 1] == '}') {
		tex += sizeof(wrapper) - 1;
		n -= sizeof(wrapper);
	}
	if (n == 0)
		return;
	md_text(m, "$", 1);
	md_code(m, tex, n);
	md_text(m, "$", 1);
}
