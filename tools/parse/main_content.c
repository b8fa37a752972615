#include "main_content.h"

#include <string.h>

#include "page_parts.h"
#include "part_runs.h"

enum {
	BESIDE = 60, /* characters of a block beside a text that belongs to it */
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

static bool
is_table_part(GumboTag tag)
{
	return tag == GUMBO_TAG_TABLE || tag == GUMBO_TAG_TR || tag == GUMBO_TAG_TD || tag == GUMBO_TAG_TH ||
	       tag == GUMBO_TAG_TBODY || tag == GUMBO_TAG_THEAD || tag == GUMBO_TAG_TFOOT;
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

/* The child of I with nearly all of its weight; 0 if there is none, or if the other children belong to the text. */
static uint32_t
heavy_child(const struct dom *d, uint32_t i)
{
	uint32_t best = 0;

	for (uint32_t k = i + 1; k < d->nodes[i].end; k = d->nodes[k].end)
		if (!d->nodes[k].dropped && !d->nodes[k].hidden &&
		    (best == 0 || d->nodes[k].mass > d->nodes[best].mass))
			best = k;
	if (best == 0 || d->nodes[i].mass <= 0 || d->nodes[best].mass < d->nodes[i].mass * 0.85F)
		return 0;
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
		if (k != best && belongs_to_content(d, k))
			return 0;
	return best;
}

static uint32_t
choose_content(const struct dom *d)
{
	uint32_t i = 0, main = find_heaviest(d, 0, GUMBO_TAG_MAIN, " main "), article;
	uint32_t child;

	if (main && d->nodes[main].mass >= d->nodes[0].mass * 0.4F)
		i = main;
	article = find_heaviest(d, i, GUMBO_TAG_ARTICLE, " article ");
	if (article && d->nodes[article].mass >= d->nodes[i].mass * 0.6F)
		return article;
	while ((child = heavy_child(d, i)))
		i = child;
	/* a single row is not a table */
	while (i != 0 && is_table_part(dom_tag(d, i)) && dom_tag(d, i) != GUMBO_TAG_TABLE &&
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
		dom_count(p->d);
		page_parts_drop_boxes(p);
	}
	if (zeal >= ZEAL_ALL) {
		apart += part_runs_drop_teasers(p);
		dom_count(p->d);
		page_parts_drop_links(p);
	}
	return apart;
}

uint32_t
main_content_find(struct dom *d, const char *author)
{
	static const enum part_zeal zeals[] = {ZEAL_ALL, ZEAL_BOXES, ZEAL_TAGS};
	struct page p;
	uint32_t chosen;

	page_begin(&p, d, author);
	for (size_t i = 0; i < sizeof(zeals) / sizeof(zeals[0]); i++) {
		float apart;

		drop_nothing(d);
		apart = drop_parts(&p, zeals[i]);
		if (d->nodes[0].mass > 0 && d->nodes[0].mass >= (p.all - apart) * 0.25F)
			break;
	}
	if (d->nodes[0].mass <= 0)
		drop_nothing(d);
	chosen = choose_content(d);
	page_parts_drop_labels(&p, chosen);
	page_end(&p);
	return chosen;
}

uint32_t
main_content_heading(const struct dom *d, uint32_t picked)
{
	for (uint32_t i = picked; i < d->nodes[picked].end; i++)
		if (dom_tag(d, i) == GUMBO_TAG_H1 && !d->nodes[i].hidden)
			return 0;
	for (uint32_t i = picked; i-- > 1;)
		if (dom_tag(d, i) == GUMBO_TAG_H1 && !d->nodes[i].hidden && d->nodes[i].text > 3 &&
		    d->nodes[i].linked * 2 < d->nodes[i].text)
			return i;
	return 0;
}
