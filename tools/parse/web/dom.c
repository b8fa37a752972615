#include "web/dom.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "html/tree.h"

#include "web/accordion.h"

enum {
	LONG = 80,    /* characters of a certain paragraph */
	SHORT = 25,   /* characters of a line that may be anything */
	LEVELS = 200, /* the nesting of parts of a line */
	REVEAL = 900, /* the weight of a page that shows little text */
	WIDE = 3,     /* the weight of a character in scripts that write a word in one or two characters */
};

GumboTag
dom_tag(const struct dom *d, uint32_t i)
{
	const GumboNode *node = d->nodes[i].node;

	return node->type == GUMBO_NODE_ELEMENT || node->type == GUMBO_NODE_TEMPLATE ? node->v.element.tag
										     : GUMBO_TAG_UNKNOWN;
}

const char *
dom_attribute(const struct dom *d, uint32_t i, const char *name)
{
	const GumboNode *node = d->nodes[i].node;

	return node->type == GUMBO_NODE_ELEMENT ? tree_attribute(node, name) : NULL;
}

const char *
dom_text(const struct dom *d, uint32_t i)
{
	const GumboNode *node = d->nodes[i].node;

	return node->type == GUMBO_NODE_TEXT || node->type == GUMBO_NODE_WHITESPACE || node->type == GUMBO_NODE_CDATA
		       ? node->v.text.text
		       : NULL;
}

bool
dom_is_heading(GumboTag tag)
{
	return tag >= GUMBO_TAG_H1 && tag <= GUMBO_TAG_H6;
}

bool
dom_is_block(const struct dom *d, uint32_t i)
{
	switch (dom_tag(d, i)) {
	case GUMBO_TAG_HTML:
	case GUMBO_TAG_BODY:
	case GUMBO_TAG_P:
	case GUMBO_TAG_DIV:
	case GUMBO_TAG_SECTION:
	case GUMBO_TAG_ARTICLE:
	case GUMBO_TAG_MAIN:
	case GUMBO_TAG_HEADER:
	case GUMBO_TAG_FOOTER:
	case GUMBO_TAG_ASIDE:
	case GUMBO_TAG_NAV:
	case GUMBO_TAG_UL:
	case GUMBO_TAG_OL:
	case GUMBO_TAG_LI:
	case GUMBO_TAG_DL:
	case GUMBO_TAG_DT:
	case GUMBO_TAG_DD:
	case GUMBO_TAG_H1:
	case GUMBO_TAG_H2:
	case GUMBO_TAG_H3:
	case GUMBO_TAG_H4:
	case GUMBO_TAG_H5:
	case GUMBO_TAG_H6:
	case GUMBO_TAG_HGROUP:
	case GUMBO_TAG_PRE:
	case GUMBO_TAG_BLOCKQUOTE:
	case GUMBO_TAG_FIGURE:
	case GUMBO_TAG_FIGCAPTION:
	case GUMBO_TAG_TABLE:
	case GUMBO_TAG_CAPTION:
	case GUMBO_TAG_THEAD:
	case GUMBO_TAG_TBODY:
	case GUMBO_TAG_TFOOT:
	case GUMBO_TAG_TR:
	case GUMBO_TAG_TD:
	case GUMBO_TAG_TH:
	case GUMBO_TAG_FORM:
	case GUMBO_TAG_FIELDSET:
	case GUMBO_TAG_DETAILS:
	case GUMBO_TAG_SUMMARY:
	case GUMBO_TAG_ADDRESS:
	case GUMBO_TAG_CENTER:
	case GUMBO_TAG_HR:
		return true;
	default:
		return false;
	}
}

/* Tags whose content is never readable text. */
static bool
is_silent(GumboTag tag)
{
	switch (tag) {
	case GUMBO_TAG_HEAD:
	case GUMBO_TAG_SCRIPT:
	case GUMBO_TAG_STYLE:
	case GUMBO_TAG_NOSCRIPT:
	case GUMBO_TAG_TEMPLATE:
	case GUMBO_TAG_IFRAME:
	case GUMBO_TAG_SVG:
	case GUMBO_TAG_CANVAS:
	case GUMBO_TAG_OBJECT:
	case GUMBO_TAG_VIDEO:
	case GUMBO_TAG_AUDIO:
	case GUMBO_TAG_BUTTON:
	case GUMBO_TAG_INPUT:
	case GUMBO_TAG_SELECT:
	case GUMBO_TAG_TEXTAREA:
	case GUMBO_TAG_DATALIST:
	case GUMBO_TAG_MAP:
	case GUMBO_TAG_RP:
	case GUMBO_TAG_RT:
		return true;
	default:
		return false;
	}
}

/* Whether a style has the declaration, such as "display:none"; blanks do not count. */
static bool
style_declares(const char *style, const char *declaration)
{
	char flat[256];
	size_t n = 0;

	for (; *style && n + 1 < sizeof(flat); style++)
		if (!isspace((unsigned char)*style))
			flat[n++] = (char)tolower((unsigned char)*style);
	flat[n] = '\0';
	return strstr(flat, declaration) != NULL;
}

/* Whether the only element in it is a formula. Pages hide the MathML of a formula from browsers that would show a
 * picture of it as well. */
static bool
has_only_formula(const GumboNode *node)
{
	const GumboNode *only = NULL;

	for (unsigned k = 0; k < node->v.element.children.length; k++) {
		const GumboNode *child = node->v.element.children.data[k];

		if (child->type == GUMBO_NODE_ELEMENT && only)
			return false;
		only = child->type == GUMBO_NODE_ELEMENT ? child : only;
	}
	return only && only->v.element.tag == GUMBO_TAG_MATH;
}

/* Whether the element is the source of a formula in another language, beside its MathML. */
static bool
is_annotation(const GumboNode *node)
{
	return node->type == GUMBO_NODE_ELEMENT && node->v.element.tag_namespace == GUMBO_NAMESPACE_MATHML &&
	       node->v.element.original_tag.length > 11 &&
	       strncasecmp(node->v.element.original_tag.data, "<annotation", 11) == 0;
}

/* Whether it is a script element with TeX, which a script of the page would typeset. */
static bool
is_formula_script(const struct dom *d, uint32_t i)
{
	const char *type = dom_tag(d, i) == GUMBO_TAG_SCRIPT ? dom_attribute(d, i, "type") : NULL;

	return type && strncasecmp(type, "math/tex", 8) == 0;
}

/* Whether it is a template that a browser shows in the place of what the element around it has. */
static bool
is_shadow(const GumboNode *node)
{
	return node->type == GUMBO_NODE_TEMPLATE && tree_attribute(node, "shadowrootmode");
}

/* Whether it is never shown: it is no text, or a reader sees something else for it. */
static bool
is_never_shown(const struct dom *d, uint32_t i)
{
	const GumboNode *node = d->nodes[i].node;

	if (is_shadow(node))
		return false;
	return node->type == GUMBO_NODE_COMMENT || node->type == GUMBO_NODE_TEMPLATE || is_annotation(node) ||
	       (is_silent(dom_tag(d, i)) && !is_formula_script(d, i));
}

/* Whether the element is hidden. */
static bool
is_hidden(const struct dom *d, uint32_t i)
{
	const char *style = dom_attribute(d, i, "style"), *hidden = dom_attribute(d, i, "aria-hidden");
	const GumboNode *node = d->nodes[i].node;

	if (accordion_has(node))
		return false;
	if (is_never_shown(d, i))
		return true;
	if (style && node->type == GUMBO_NODE_ELEMENT && has_only_formula(node))
		return false;
	if (dom_attribute(d, i, "hidden") || (hidden && strcasecmp(hidden, "true") == 0))
		return true;
	return style && (style_declares(style, "display:none") || style_declares(style, "visibility:hidden"));
}

/* The places of the open elements, to find the parent of the next one. */
static uint32_t
parent_of(const struct dom *d, uint32_t last, const GumboNode *node)
{
	while (d->nodes[last].node != node->parent && d->nodes[last].parent != last)
		last = d->nodes[last].parent;
	return last;
}

uint32_t
dom_length(const char *text)
{
	uint32_t n = 0;

	for (const unsigned char *s = (const unsigned char *)text; *s; s++)
		if (*s >= 0xe3 && *s < 0xee) /* kana, Han, Hangul */
			n += WIDE;
		else if (*s > ' ' && (*s & 0xc0) != 0x80)
			n++;
	return n;
}

/* The length of a text, and the block that it is in. */
static void
count_text(struct dom *d, uint32_t i)
{
	uint32_t block = i;

	for (int level = 0; level < LEVELS && block != d->nodes[block].parent && !dom_is_block(d, block); level++)
		block = d->nodes[block].parent;
	d->nodes[i].block = block;
	d->nodes[i].length = dom_length(dom_text(d, i));
}

static void
make_nodes(struct dom *d, const GumboNode *document)
{
	uint32_t room = 0, last = 0;

	for (const GumboNode *node = document; node; node = tree_next_node(node)) {
		uint32_t i = d->count;

		if (i == room) {
			room = room ? room * 2 : 256;
			d->nodes = buf_realloc(d->nodes, room * sizeof(*d->nodes));
		}
		last = i ? parent_of(d, last, node) : 0;
		d->nodes[i] = (struct dom_node){.node = node, .parent = last, .end = i + 1};
		d->nodes[i].in_link =
			(i && d->nodes[last].in_link) || (dom_tag(d, i) == GUMBO_TAG_A && dom_attribute(d, i, "href"));
		d->nodes[i].hidden = i && (d->nodes[last].hidden || is_hidden(d, i));
		if (dom_text(d, i))
			count_text(d, i);
		last = i;
		d->count++;
	}
	for (uint32_t i = d->count; i-- > 1;) {
		struct dom_node *parent = &d->nodes[d->nodes[i].parent];

		if (d->nodes[i].end > parent->end)
			parent->end = d->nodes[i].end;
	}
}

void
dom_make(struct dom *d, const GumboNode *document)
{
	*d = (struct dom){0};
	make_nodes(d, document);
	dom_count(d);
}

/* The weight of all texts, once those below what TEST says are hidden. */
static float
hide_where(struct dom *d, bool (*test)(const struct dom *d, uint32_t i))
{
	for (uint32_t i = 1; i < d->count; i++)
		d->nodes[i].hidden = d->nodes[d->nodes[i].parent].hidden || test(d, i);
	dom_count(d);
	return d->nodes[0].mass;
}

static bool
is_never_shown_to_any(const struct dom *d, uint32_t i)
{
	return dom_tag(d, i) != GUMBO_TAG_NOSCRIPT && is_never_shown(d, i);
}

void
dom_reveal(struct dom *d)
{
	float shown = d->nodes[0].mass;

	if (shown >= REVEAL || hide_where(d, is_never_shown_to_any) > shown * 4)
		return;
	hide_where(d, is_hidden);
}

void
dom_free(struct dom *d)
{
	free(d->nodes);
	*d = (struct dom){0};
}

/* The weight of a block of this text as a paragraph. */
static float
mass_of(const struct dom_node *n)
{
	float mass = (float)(n->own - n->own_linked);

	if (n->own == 0)
		return 0;
	if (n->own_linked * 2 > n->own)
		return mass * 0.1F;
	return n->own >= LONG ? mass * 1.5F : n->own >= SHORT ? mass : mass * 0.3F;
}

void
dom_count(struct dom *d)
{
	for (uint32_t i = 0; i < d->count; i++) {
		struct dom_node *n = &d->nodes[i];

		n->text = n->linked = n->links = n->own = n->own_linked = 0;
		n->mass = 0;
		n->prose = false;
	}
	/* Adds the texts to their blocks. */
	for (uint32_t i = 0; i < d->count; i++) {
		uint32_t n = d->nodes[i].hidden ? 0 : d->nodes[i].length, block = d->nodes[i].block;

		d->nodes[i].text = n;
		if (n == 0)
			continue;
		d->nodes[block].own += n;
		if (d->nodes[i].in_link)
			d->nodes[block].own_linked += n;
	}
	for (uint32_t i = d->count; i-- > 0;) {
		struct dom_node *n = &d->nodes[i], *parent = &d->nodes[n->parent];

		n->mass += mass_of(n);
		n->prose = n->prose || (n->own >= LONG && n->own_linked * 3 < n->own);
		if (dom_tag(d, i) == GUMBO_TAG_A && dom_attribute(d, i, "href")) {
			n->linked = n->text;
			n->links++;
		}
		if (i == 0 || n->hidden || n->dropped)
			continue;
		parent->text += n->text;
		parent->linked += n->linked;
		parent->links += n->links;
		parent->mass += n->mass;
		parent->prose = parent->prose || n->prose;
	}
}

uint32_t
dom_find(const struct dom *d, uint32_t from, uint32_t end, GumboTag tag)
{
	while (from < end && dom_tag(d, from) != tag)
		from++;
	return from;
}

void
dom_collect(const struct dom *d, uint32_t i, struct buf *out, bool blanks)
{
	uint32_t end = d->nodes[i].end;

	while (i < end) {
		const char *text = dom_text(d, i);

		if (d->nodes[i].hidden) {
			i = d->nodes[i].end;
			continue;
		}
		if (text)
			buf_str(out, text);
		else if (dom_tag(d, i) == GUMBO_TAG_BR)
			buf_str(out, "\n");
		else if (blanks && dom_is_block(d, i))
			buf_str(out, " ");
		i++;
	}
	buf_str(out, "");
}
