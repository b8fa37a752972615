#include "web/main_content.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/utf8.h"

#include "web/page_lines.h"
#include "web/page_parts.h"
#include "web/part_runs.h"

enum {
	BESIDE = 60, /* characters of a block beside a text that belongs to it */
	INTRO = 800, /* characters of a text that may only introduce a list */
};

/* LIST begins and ends with a blank. */
static bool
has_word(const char *list, const char *word)
{
	size_t n = strlen(word);

	for (const char *at = strstr(list, word); n && at; at = strstr(at + 1, word))
		if (at[-1] == ' ' && at[n] == ' ')
			return true;
	return false;
}

static bool
has_role(const struct dom *d, uint32_t i, const char *list)
{
	const char *role = dom_attribute(d, i, "role");

	return role && *role && has_word(list, role);
}

static void
drop_nothing(struct dom *d)
{
	for (uint32_t i = 0; i < d->count; i++)
		d->nodes[i].dropped = false;
	dom_count(d);
}

/* The heaviest element below I with this tag or role; 0 if there is none. */
static uint32_t
find_heaviest(const struct dom *d, uint32_t i, GumboTag tag, const char *role)
{
	uint32_t best = 0, end = d->nodes[i].end;

	for (uint32_t k = i + 1; k < end;) {
		if (d->nodes[k].dropped || d->nodes[k].hidden) {
			k = d->nodes[k].end;
			continue;
		}
		if ((dom_tag(d, k) == tag || (role && has_role(d, k, role))) &&
		    (best == 0 || d->nodes[k].mass > d->nodes[best].mass))
			best = k;
		k++;
	}
	return best;
}

/* Whether a block beside a text is a part of it: a paragraph, a list, a table. */
static bool
belongs_to_content(const struct dom *d, uint32_t i)
{
	const struct dom_node *n = &d->nodes[i];

	if (n->dropped || n->hidden || (!n->prose && (n->text < BESIDE || n->linked * 3 > n->text)))
		return false;
	switch (dom_tag(d, i)) {
	case GUMBO_TAG_P:
	case GUMBO_TAG_UL:
	case GUMBO_TAG_OL:
	case GUMBO_TAG_DL:
	case GUMBO_TAG_BLOCKQUOTE:
	case GUMBO_TAG_PRE:
	case GUMBO_TAG_TABLE:
		return true;
	default:
		return false;
	}
}

/* Whether the part I before or beside the text TEXT belongs to it: a lead in a box of its own, or another piece of the
 * text that is written alike. */
static bool
is_lead(const struct page *p, uint32_t i, uint32_t text)
{
	const struct dom *d = p->d;
	const struct dom_node *n = &d->nodes[i];
	const struct part_signs *s = &p->signs[i];

	if (!page_is_shown(d, i) || dom_tag(d, n->parent) == GUMBO_TAG_BODY || n->text < BESIDE ||
	    n->linked * (n->prose ? 3 : 5) > n->text || s->field > 0 || part_is_named(d, i, NAME_APART))
		return false;
	return (i < text && (s->action == 0 || n->prose)) ||
	       (n->prose && dom_attribute(d, i, "class") && page_is_alike(d, i, text));
}

/* The child of I with nearly all of its weight; 0 if there is none, or if the other children belong to the text. */
static uint32_t
heavy_child(const struct page *p, uint32_t i)
{
	const struct dom *d = p->d;
	uint32_t best = 0;

	for (uint32_t k = i + 1; k < d->nodes[i].end; k = d->nodes[k].end)
		if (!d->nodes[k].dropped && !d->nodes[k].hidden &&
		    (best == 0 || d->nodes[k].mass > d->nodes[best].mass))
			best = k;
	if (best == 0 || d->nodes[i].mass <= 0 || d->nodes[best].mass < d->nodes[i].mass * 0.85F)
		return 0;
	if (!p->article && d->nodes[best].text < INTRO && d->nodes[best].text * 2 < d->nodes[i].text)
		return 0; /* what is beside it is short, but most of what a reader sees */
	switch (dom_tag(d, best)) {
	case GUMBO_TAG_BODY:
	case GUMBO_TAG_HTML:
	case GUMBO_TAG_DIV:
	case GUMBO_TAG_SECTION:
	case GUMBO_TAG_MAIN:
	case GUMBO_TAG_ARTICLE:
	case GUMBO_TAG_TABLE:
	case GUMBO_TAG_TBODY:
	case GUMBO_TAG_TR:
	case GUMBO_TAG_TD:
	case GUMBO_TAG_FORM:
	case GUMBO_TAG_CENTER:
		break;
	default:
		return dom_is_block(d, best) ? 0 : best;
	}
	for (uint32_t k = i + 1; k < d->nodes[i].end; k = d->nodes[k].end)
		if (k != best && (belongs_to_content(d, k) || is_lead(p, k, best)))
			return 0;
	return best;
}

/* The element around ARTICLE that has the page's <h1> as well, if it has hardly any other text: the lead is between
 * them. Else ARTICLE. */
static uint32_t
with_heading(const struct dom *d, uint32_t article)
{
	uint32_t h1 = 0, around = article;

	for (uint32_t i = 1; i < d->nodes[article].end; i++)
		if (dom_tag(d, i) == GUMBO_TAG_H1 && page_is_shown(d, i) && d->nodes[i].text > 0) {
			if (h1)
				return article;
			h1 = i;
		}
	if (!h1 || h1 > article)
		return article;
	while (around != d->nodes[around].parent && around > h1)
		around = d->nodes[around].parent;
	return dom_tag(d, around) != GUMBO_TAG_BODY && d->nodes[around].mass < d->nodes[article].mass * 1.5F ? around
													     : article;
}

/* Whether the page states the title of a paper, for programs that collect citations. */
static bool
is_about_paper(const struct dom *d)
{
	for (uint32_t i = 0; i < d->count && dom_tag(d, i) != GUMBO_TAG_BODY; i++) {
		const char *name = dom_tag(d, i) == GUMBO_TAG_META ? dom_attribute(d, i, "name") : NULL;

		if (name && strcasecmp(name, "citation_title") == 0)
			return true;
	}
	return false;
}

/* The abstract on a page about a paper, if the page does not have much more of that; 0 if there is none. */
static uint32_t
find_abstract(const struct dom *d)
{
	uint32_t best = 0;

	for (uint32_t i = is_about_paper(d) ? 1 : d->count; i < d->count; i++) {
		const char *class = dom_attribute(d, i, "class"), *id = dom_attribute(d, i, "id");

		if (page_is_shown(d, i) && d->nodes[i].prose && d->nodes[i].mass >= d->nodes[0].mass * 0.3F &&
		    ((class && strcasestr(class, "abstract")) || (id && strcasestr(id, "abstract"))) &&
		    (best == 0 || d->nodes[i].mass > d->nodes[best].mass))
			best = i;
	}
	return best;
}

static uint32_t
choose_content(const struct page *p)
{
	const struct dom *d = p->d;
	uint32_t i = 0, main = find_heaviest(d, 0, GUMBO_TAG_MAIN, " main "), article;
	uint32_t child = find_abstract(d);

	if (child)
		return child;
	if (main && d->nodes[main].mass >= d->nodes[0].mass * 0.4F)
		i = main;
	article = find_heaviest(d, i, GUMBO_TAG_ARTICLE, " article ");
	if (article && d->nodes[article].mass >= d->nodes[i].mass * 0.6F)
		return with_heading(d, article);
	while ((child = heavy_child(p, i)))
		i = child;
	/* a single row is not a table */
	while (i != 0 && page_is_table_part(dom_tag(d, i)) && dom_tag(d, i) != GUMBO_TAG_TABLE &&
	       dom_tag(d, i) != GUMBO_TAG_TD)
		i = d->nodes[i].parent;
	return i;
}

/* Drops what is not the main content. Returns the weight of what is surely apart: comments and teasers. */
static float
drop_parts(struct page *p, enum part_zeal zeal)
{
	float apart = 0;

	page_parts_drop_frames(p);
	if (zeal >= ZEAL_BOXES) {
		apart += part_runs_drop_comments(p);
		page_parts_drop_boxes(p);
	}
	if (zeal >= ZEAL_ALL) {
		apart += part_runs_drop_teasers(p);
		page_parts_drop_links(p);
	}
	return apart;
}

uint32_t
main_content_find(struct dom *d, const char *url, const char *title, const char *author)
{
	static const enum part_zeal zeals[] = {ZEAL_ALL, ZEAL_BOXES, ZEAL_TAGS};
	struct page p;
	uint32_t chosen;

	page_begin(&p, d, url, title, author);
	for (size_t i = 0; i < sizeof(zeals) / sizeof(zeals[0]); i++) {
		float apart;

		drop_nothing(d);
		apart = drop_parts(&p, zeals[i]);
		if (d->nodes[0].mass > 0 && d->nodes[0].mass >= (p.all - apart) * 0.25F)
			break;
	}
	if (d->nodes[0].mass <= 0)
		drop_nothing(d);
	chosen = choose_content(&p);
	page_lines_drop_repeated(&p, chosen);
	page_lines_drop_labels(&p, chosen);
	page_end(&p);
	return chosen;
}

/* Whether the words of a heading are those of the title, as a whole or without the name of the site. */
static bool
has_title(const struct dom *d, uint32_t i, const char *title)
{
	struct buf text = {0};
	char *line;
	size_t n;
	bool same;

	if (!title || d->nodes[i].text < 4 || d->nodes[i].text > strlen(title))
		return false;
	dom_collect(d, i, &text, true);
	line = utf8_copy_line(text.data, text.len, text.len);
	n = strlen(line);
	same = n * 2 > strlen(title) && strcasestr(title, line) != NULL;
	free(line);
	buf_free(&text);
	return same;
}

static bool
is_shown_heading(const struct dom *d, uint32_t i)
{
	return dom_is_heading(dom_tag(d, i)) && !d->nodes[i].hidden;
}

/* The last line before PICKED, no heading and no link, with the words of the title; 0 if there is none. */
static uint32_t
title_line(const struct dom *d, uint32_t picked, const char *title)
{
	for (uint32_t i = picked; i-- > 1;)
		if (!d->nodes[i].hidden && dom_is_block(d, i) && d->nodes[i].own == d->nodes[i].text &&
		    d->nodes[i].linked == 0 && has_title(d, i, title))
			return i;
	return 0;
}

uint32_t
main_content_heading(const struct dom *d, uint32_t picked, const char *title)
{
	uint32_t h1 = 0;

	for (uint32_t i = picked; i < d->nodes[picked].end;) {
		if (is_shown_heading(d, i) && !d->nodes[i].dropped &&
		    (dom_tag(d, i) == GUMBO_TAG_H1 || has_title(d, i, title)))
			return 0;
		i = d->nodes[i].dropped ? d->nodes[i].end : i + 1;
	}
	for (uint32_t i = picked; i-- > 1;) {
		if (!is_shown_heading(d, i))
			continue;
		if (has_title(d, i, title))
			return i;
		if (h1 == 0 && dom_tag(d, i) == GUMBO_TAG_H1 && d->nodes[i].text > 3 &&
		    d->nodes[i].linked * 2 < d->nodes[i].text)
			h1 = i;
	}
	return h1 ? h1 : title_line(d, picked, title);
}
