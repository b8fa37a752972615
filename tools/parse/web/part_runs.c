#include "web/part_runs.h"

#include <stdlib.h>
#include <string.h>

enum {
	BEFORE = 80,    /* characters of running text before comments */
	CLEAR = 200,    /* characters of running text that are an article */
	TEASER = 450,   /* characters of a teaser */
	HEADLINE = 12,  /* characters of the link of a teaser */
	LINE = 25,      /* characters in the line of a link that are not of the link: it is a sentence */
	CHILDREN = 400, /* nodes of a teaser */
	SIGNS = 3,
	MESSAGE = 12, /* levels from a text to the message that it is in */
	FEW = 300,    /* characters of a text that only opens a talk */
	FORUMS = 100, /* parts that are compared with the text before them */
};

/* --- comments --- */

/* The class of the nearest ancestor of a text, below the place TOP, that has one; "" if none is near. */
static const char *
class_around(const struct dom *d, uint32_t i, uint32_t top)
{
	for (int level = 0; level < 3 && i >= top && i != d->nodes[i].parent; level++) {
		const char *class = dom_attribute(d, i, "class");

		if (class && *class)
			return class;
		i = d->nodes[i].parent;
	}
	return "";
}

/* The block in the part I with most text of its own. */
static uint32_t
longest_text(const struct dom *d, uint32_t i)
{
	uint32_t longest = i;

	for (uint32_t k = i; k < d->nodes[i].end; k++)
		if (!d->nodes[k].hidden &&
		    d->nodes[k].own - d->nodes[k].own_linked > d->nodes[longest].own - d->nodes[longest].own_linked)
			longest = k;
	return longest;
}

/* Whether most texts in the part I are written like the text OPENING before it: the messages of a forum. Of a part
 * without running text, the longest line counts. */
static bool
is_forum(const struct dom *d, uint32_t i, uint32_t opening)
{
	const char *class = class_around(d, opening, 1);
	size_t texts = 0, same = 0;

	if (!d->nodes[i].prose)
		return *class && strcmp(class, class_around(d, longest_text(d, i), i)) == 0;
	for (uint32_t k = i; k < d->nodes[i].end; k++)
		if (!d->nodes[k].hidden && page_is_prose(d, k)) {
			texts++;
			same += *class && strcmp(class, class_around(d, k, i)) == 0;
		}
	return same * 2 > texts;
}

/* Whether the text OPENING before the part I is in an element like I itself: the part is a message too, though it may
 * be too short to have running text. */
static bool
is_message(const struct dom *d, uint32_t i, uint32_t opening)
{
	for (int level = 0; level < MESSAGE && opening != d->nodes[opening].parent; level++) {
		if (dom_attribute(d, i, "class") && page_is_alike(d, opening, i))
			return true;
		opening = d->nodes[opening].parent;
	}
	return false;
}

/* Whether the element is marked as a comment, or as a list of them. */
static bool
is_marked_comment(const struct dom *d, uint32_t i)
{
	const char *type = dom_attribute(d, i, "itemtype"), *property = dom_attribute(d, i, "itemprop");

	return (type && (strstr(type, "/Comment") || strstr(type, "UserComments"))) ||
	       (property && strcmp(property, "comment") == 0);
}

/* Whether two or more elements beside each other in the part are written alike, with a class, and have text. */
static bool
has_alike(const struct dom *d, uint32_t i)
{
	uint32_t before = 0;

	for (uint32_t k = i + 1; k < d->nodes[i].end; k = d->nodes[k].end) {
		if (!page_is_shown(d, k) || d->nodes[k].text == 0)
			continue;
		if (before && dom_attribute(d, k, "class") && page_is_alike(d, before, k))
			return true;
		before = k;
	}
	return false;
}

/* Whether the part has a list, each of whose entries has a text of its own and no link to act on. */
static bool
has_messages(const struct dom *d, uint32_t i)
{
	for (uint32_t k = i; k < d->nodes[i].end; k++) {
		uint32_t entry = k + 1;

		if (!page_is_shown(d, k) || (dom_tag(d, k) != GUMBO_TAG_OL && dom_tag(d, k) != GUMBO_TAG_UL))
			continue;
		while (entry < d->nodes[k].end && (!page_is_shown(d, entry) || d->nodes[entry].prose))
			entry = d->nodes[entry].end;
		return d->nodes[k].prose && entry >= d->nodes[k].end;
	}
	return false;
}

/* Signs that people write to each other here: what comments are made of. */
static unsigned
talk_signs(const struct page *p, uint32_t i)
{
	const struct part_signs *s = &p->signs[i];
	uint32_t next = page_next(p->d, i);
	unsigned signs = is_marked_comment(p->d, i) ? SIGNS : 0;

	signs += s->area > 0 || (next && p->signs[next].area > 0);
	signs += s->reply > 0;
	signs += s->reply > 1 && part_is_named(p->d, i, NAME_COMMENT);
	signs += s->author > 1 || (s->time > 0 && s->author > 0);
	return signs + has_alike(p->d, i);
}

/* Signs that the part has comments; 0 if only words say so, as in a section about comments. BEHIND: it is behind the
 * only article of the page, so that it is no section of that. */
static unsigned
comment_signs(const struct page *p, uint32_t i, bool behind)
{
	const struct part_signs *s = &p->signs[i];
	bool named = part_is_named(p->d, i, NAME_COMMENT);
	enum part_heading heading;
	unsigned talk;

	if (!named && s->reply == 0 && s->area == 0 && s->time < 2 && s->author < 2 && !is_marked_comment(p->d, i) &&
	    !has_alike(p->d, i))
		return 0;
	heading = page_first_heading(p, i);
	talk = talk_signs(p, i) + (heading == HEADING_TALK) + (named && has_messages(p->d, i)) +
	       (named && behind && heading == HEADING_COMMENTS);
	return talk ? talk + named + (heading == HEADING_COMMENTS ? 2 : heading == HEADING_TALK) : 0;
}

/* The place behind the only <article> of the page, if that has running text; else behind the page. */
static uint32_t
end_of_article(const struct dom *d)
{
	uint32_t one = dom_find(d, 0, d->count, GUMBO_TAG_ARTICLE);

	return one < d->count && d->nodes[one].prose && dom_find(d, one + 1, d->count, GUMBO_TAG_ARTICLE) == d->count
		       ? d->nodes[one].end
		       : d->count;
}

/* Whether the part I is a message, or has messages, like that with the text OPENING, which is the first of BEFORE
 * characters: it is no comment on it. On a page without a heading, what follows a text of a few lines and is much
 * longer is what the page is for. */
static bool
is_talk(const struct page *p, uint32_t i, uint32_t opening, size_t before)
{
	if (before < FEW && p->signs[0].heading == 0 && p->d->nodes[i].prose && p->d->nodes[i].text > before * 2)
		return true;
	return (is_message(p->d, i, opening) && page_first_heading(p, i) == HEADING_OTHER) ||
	       is_forum(p->d, i, opening);
}

/* Parts that look like comments of readers, and whether one of them is written like the text before them. */
struct comments {
	uint32_t *parts;
	size_t count, room;
	bool forum;
};

static void
add_comments(struct comments *c, uint32_t i)
{
	if (c->count == c->room) {
		c->room = c->room ? c->room * 2 : 16;
		c->parts = buf_realloc(c->parts, c->room * sizeof(*c->parts));
	}
	c->parts[c->count++] = i;
}

static struct comments
find_comments(const struct page *p)
{
	const struct dom *d = p->d;
	struct comments found = {0};
	uint32_t opening = 0, end = end_of_article(d);
	size_t before = 0;

	for (uint32_t i = 1; i < d->count;) {
		const struct dom_node *n = &d->nodes[i];
		unsigned signs;

		if (n->hidden || n->dropped) {
			i = n->end;
			continue;
		}
		if (page_is_prose(d, i)) {
			opening = opening ? opening : i;
			before += n->own;
		}
		signs = before >= BEFORE && dom_is_block(d, i) && !page_is_prose(d, i) ? comment_signs(p, i, i >= end)
										       : 0;
		if (signs < SIGNS && (signs < 2 || n->prose)) {
			i++;
			continue;
		}
		if (!p->article && found.count < FORUMS && is_talk(p, i, opening, before)) {
			found.forum = true;
			i++;
			continue;
		}
		add_comments(&found, i);
		i = n->end;
	}
	return found;
}

/* Whether I is a heading of comments that stand beside it, with no part around them: what follows has a field for a
 * text, or links to reply. */
static bool
heads_comments(const struct page *p, uint32_t i)
{
	const struct dom *d = p->d;
	unsigned reply = 0, area = 0;

	if (!dom_is_heading(dom_tag(d, i)) || page_first_heading(p, i) != HEADING_TALK)
		return false;
	for (uint32_t k = page_next(d, i); k; k = page_next(d, k)) {
		if (dom_tag(d, k) == GUMBO_TAG_H1)
			return false;
		reply += p->signs[k].reply;
		area += p->signs[k].area;
	}
	return area > 0 || reply > 1;
}

/* Drops comments that have no part of their own, from their heading to the end of the part that they are in. */
static float
drop_headed_comments(struct page *p)
{
	const struct dom *d = p->d;
	size_t before = 0;
	float mass = 0;

	for (uint32_t i = 1; i < d->count; i++) {
		if (!page_is_shown(d, i)) {
			i = d->nodes[i].end - 1;
			continue;
		}
		before += page_is_prose(d, i) ? d->nodes[i].own : 0;
		if (before < CLEAR || !heads_comments(p, i))
			continue;
		for (uint32_t k = i; k; k = page_next(d, k)) {
			mass += d->nodes[k].dropped ? 0 : d->nodes[k].mass;
			page_drop(p, k);
		}
		i = d->nodes[i].end - 1;
	}
	return mass;
}

float
part_runs_drop_comments(struct page *p)
{
	struct comments found = find_comments(p);
	float mass = 0;

	for (size_t k = 0; k < found.count && !found.forum; k++) {
		mass += p->d->nodes[found.parts[k]].mass;
		page_drop(p, found.parts[k]);
	}
	if (!found.forum)
		mass += drop_headed_comments(p);
	if (mass > 0)
		dom_count(p->d);
	free(found.parts);
	return mass;
}

/* --- teasers --- */

/* Whether the part has a link with a line of its own, as a headline is. */
static bool
has_headline(const struct dom *d, uint32_t i)
{
	for (uint32_t k = i; k < d->nodes[i].end; k++) {
		const struct dom_node *n = &d->nodes[k];

		bool heading = dom_is_heading(dom_tag(d, k));

		if (((n->own_linked >= HEADLINE && n->own_linked + LINE > n->own) ||
		     (heading && n->linked * 2 > n->text)) &&
		    part_leads_elsewhere(d, k))
			return true;
	}
	return false;
}

/* Whether I is a teaser: a link with a line of its own, and at most an excerpt. */
static bool
part_is_teaser(const struct page *p, uint32_t i)
{
	const struct dom_node *n = &p->d->nodes[i];
	const struct part_signs *s = &p->signs[i];

	if (!page_is_shown(p->d, i) || n->text > TEASER || n->end - i > CHILDREN || s->prose > 2 ||
	    s->heading > s->linked + 1)
		return false;
	if (n->links == 0 && !n->in_link)
		return false;
	return n->in_link || has_headline(p->d, i) || (n->linked == 0 && s->heading == 1);
}

/* The characters of the teasers among the children of I, if they are alike and at least three. */
static size_t
teasers_in(const struct page *p, uint32_t i)
{
	const struct dom *d = p->d;
	size_t count = 0, text = 0;
	uint32_t like = 0;

	for (uint32_t k = i + 1; k < d->nodes[i].end; k = d->nodes[k].end) {
		if (!page_is_shown(d, k) || !dom_is_block(d, k) || !part_is_teaser(p, k))
			continue;
		if (!like || page_is_alike(d, like, k) || dom_tag(d, like) == dom_tag(d, k)) {
			like = like ? like : k;
			count++;
			text += d->nodes[k].text;
		}
	}
	return count >= 3 ? text : 0;
}

static bool
is_list_of_teasers(const struct page *p, uint32_t i)
{
	const struct dom_node *n = &p->d->nodes[i];

	switch (dom_tag(p->d, i)) {
	case GUMBO_TAG_UL:
	case GUMBO_TAG_OL:
	case GUMBO_TAG_DIV:
	case GUMBO_TAG_SECTION:
		return n->links >= 3 && p->signs[i].outside * 2 <= n->links &&
		       teasers_in(p, i) * 10 >= (size_t)n->text * 6 && n->text > 0;
	default:
		return false;
	}
}

/* The characters of running text of the page that is not dropped. What is in two or more teasers beside each other,
 * each with a heading that is a link, is none: a front page shows its first stories larger. */
static size_t
count_prose(const struct page *p)
{
	const struct dom *d = p->d;
	size_t prose = 0;

	for (uint32_t i = 0; i < d->count;) {
		uint32_t next = page_is_shown(d, i) && p->signs[i].linked > 0 ? page_next(d, i) : 0;

		if (d->nodes[i].hidden || d->nodes[i].dropped) {
			i = d->nodes[i].end;
			continue;
		}
		if (next && p->signs[next].linked > 0 && page_is_alike(d, i, next) && part_is_teaser(p, i) &&
		    part_is_teaser(p, next)) {
			i = d->nodes[next].end;
			continue;
		}
		prose += page_is_prose(d, i) ? d->nodes[i].own : 0;
		i++;
	}
	return prose;
}

float
part_runs_drop_teasers(struct page *p)
{
	struct dom *d = p->d;
	uint32_t *lists = NULL;
	size_t count = 0, room = 0, text = 0, prose;
	float mass = 0;

	for (uint32_t i = 1; i < d->count;) {
		if (d->nodes[i].hidden || d->nodes[i].dropped) {
			i = d->nodes[i].end;
			continue;
		}
		if (!is_list_of_teasers(p, i)) {
			i++;
			continue;
		}
		if (count == room) {
			room = room ? room * 2 : 16;
			lists = buf_realloc(lists, room * sizeof(*lists));
		}
		lists[count++] = i;
		text += d->nodes[i].text;
		mass += d->nodes[i].mass;
		page_drop(p, i);
		i = d->nodes[i].end;
	}
	prose = count_prose(p);
	if (prose < CLEAR || (!p->article && prose * 2 < text)) {
		for (size_t k = 0; k < count; k++)
			if (prose < BEFORE || page_first_heading(p, lists[k]) != HEADING_APART) {
				d->nodes[lists[k]].dropped = false;
				mass -= d->nodes[lists[k]].mass;
			}
	}
	free(lists);
	if (count > 0)
		dom_count(d);
	return mass;
}
