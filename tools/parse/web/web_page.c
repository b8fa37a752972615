#include "web/web_page.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { LONG = 80, FIRST_LINE = 90, LEVELS = 40, NODES = 400 };

static bool
is_element(const struct dom *d, uint32_t i)
{
	return d->nodes[i].node->type == GUMBO_NODE_ELEMENT;
}

/* Whether JSON-LD in the script element I describes an article. */
static bool
describes_article(const struct dom *d, uint32_t i)
{
	const char *type = dom_attribute(d, i, "type");
	const char *text = type && strcasecmp(type, "application/ld+json") == 0 && i + 1 < d->nodes[i].end
				   ? dom_text(d, i + 1)
				   : NULL;

	return text && (strstr(text, "Article\"") || strstr(text, "BlogPosting\"") || strstr(text, "\"articleBody\""));
}

/* Whether the element I states that the page is an article. */
static bool
states_article(const struct dom *d, uint32_t i)
{
	const char *property, *content, *type;

	switch (dom_tag(d, i)) {
	case GUMBO_TAG_META:
		property = dom_attribute(d, i, "property");
		content = dom_attribute(d, i, "content");
		return property && content && strcasecmp(property, "og:type") == 0 &&
		       strcasecmp(content, "article") == 0;
	case GUMBO_TAG_SCRIPT:
		return describes_article(d, i);
	default:
		if (!is_element(d, i))
			return false;
		type = dom_attribute(d, i, "itemtype");
		property = dom_attribute(d, i, "itemprop");
		return (type && (strstr(type, "Article") || strstr(type, "BlogPosting"))) ||
		       (property && strcasecmp(property, "articleBody") == 0);
	}
}

void
page_begin(struct page *p, struct dom *d, const char *url, const char *title, const char *author)
{
	*p = (struct page){.d = d, .title = title, .author = author, .all = d->nodes[0].mass};
	p->signs = part_signs_count(d, url);
	for (uint32_t i = 0; i < d->count && !p->article; i++)
		p->article = states_article(d, i);
	while (p->first_prose < d->count && (d->nodes[p->first_prose].hidden || !page_is_prose(d, p->first_prose)))
		p->first_prose++;
}

void
page_end(struct page *p)
{
	free(p->signs);
}

void
page_drop(struct page *p, uint32_t i)
{
	p->d->nodes[i].dropped = true;
}

bool
page_is_shown(const struct dom *d, uint32_t i)
{
	return is_element(d, i) && !d->nodes[i].hidden && !d->nodes[i].dropped;
}

bool
page_is_prose(const struct dom *d, uint32_t i)
{
	return d->nodes[i].own >= LONG && d->nodes[i].own_linked * 3 < d->nodes[i].own;
}

/* The texts of the part I before the first block in it that has any. */
static void
collect_line(const struct dom *d, uint32_t i, uint32_t end, struct buf *out)
{
	for (uint32_t k = i + 1; k < end && !(dom_is_block(d, k) && d->nodes[k].text > 0);) {
		if (!d->nodes[k].hidden && dom_text(d, k))
			buf_str(out, dom_text(d, k));
		k = d->nodes[k].hidden ? d->nodes[k].end : k + 1;
	}
}

enum part_heading
page_first_heading(const struct page *p, uint32_t i)
{
	const struct dom *d = p->d;
	struct buf text = {0};
	enum part_heading kind = HEADING_OTHER;
	uint32_t k = i, end = d->nodes[i].end < i + NODES ? d->nodes[i].end : i + NODES;

	while (k < end && (d->nodes[k].hidden || !dom_text(d, k) || d->nodes[k].text == 0))
		k = d->nodes[k].hidden ? d->nodes[k].end : k + 1;
	if (k >= end)
		return kind;
	for (int level = 0; level < LEVELS && k != i && !dom_is_block(d, k); level++)
		k = d->nodes[k].parent;
	if (k == i && !dom_is_block(d, i))
		return kind;
	if (k == i && d->nodes[k].own < d->nodes[k].text) /* the line is in the part itself, before its blocks */
		collect_line(d, i, end, &text);
	else if (d->nodes[k].text <= FIRST_LINE)
		dom_collect(d, k, &text, false);
	if (text.len == 0 || text.len > FIRST_LINE) {
		buf_free(&text);
		return kind;
	}
	kind = part_heading_of(text.data);
	buf_free(&text);
	return kind;
}

bool
page_is_alike(const struct dom *d, uint32_t a, uint32_t b)
{
	const char *x = dom_attribute(d, a, "class"), *y = dom_attribute(d, b, "class");

	return dom_tag(d, a) == dom_tag(d, b) && (x ? y && strcmp(x, y) == 0 : !y);
}

uint32_t
page_next(const struct dom *d, uint32_t i)
{
	uint32_t end = d->nodes[d->nodes[i].parent].end;

	for (i = d->nodes[i].end; i < end; i = d->nodes[i].end)
		if (is_element(d, i))
			return i;
	return 0;
}

uint32_t
page_previous(const struct dom *d, uint32_t i)
{
	uint32_t parent = d->nodes[i].parent;

	for (uint32_t k = i; k-- > parent + 1;) {
		while (d->nodes[k].parent != parent)
			k = d->nodes[k].parent;
		if (is_element(d, k))
			return k;
	}
	return 0;
}

bool
page_is_table_part(GumboTag tag)
{
	return tag == GUMBO_TAG_TABLE || tag == GUMBO_TAG_TR || tag == GUMBO_TAG_TD || tag == GUMBO_TAG_TH ||
	       tag == GUMBO_TAG_TBODY || tag == GUMBO_TAG_THEAD || tag == GUMBO_TAG_TFOOT;
}
