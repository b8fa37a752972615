#include "web/page_ending.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum {
	AUTHOR = 800, /* characters of a part about the author */
	LEAD = 75,    /* of the beginning of a note */
	NAME = 30,    /* of a name */
	BOX = 3,      /* levels from a paragraph about the author to the box */
};

/* Whether the text of a part begins with the name of the page's first author. */
static bool
begins_with_author(const struct page *p, uint32_t i)
{
	size_t n = p->author ? strcspn(p->author, ",;") : 0;
	struct buf text = {0};
	const char *at;
	bool found;

	if (n < 5)
		return false;
	dom_collect(p->d, i, &text, true);
	for (at = text.data; isspace((unsigned char)*at);)
		at++;
	found = strncasecmp(at, p->author, n) == 0;
	buf_free(&text);
	return found;
}

/* A paragraph below the text that begins with the author's name: "Ada Lovelace is a writer in London." */
static bool
is_about_author(const struct page *p, uint32_t i)
{
	const struct dom *d = p->d;

	return dom_find(d, i, d->nodes[i].end, GUMBO_TAG_BLOCKQUOTE) == d->nodes[i].end && d->nodes[i].text <= AUTHOR &&
	       (d->nodes[i].own >= 20 || (d->nodes[i].own == 0 && d->nodes[i].text >= 20)) && begins_with_author(p, i);
}

/* Whether the text has an address to write to, or begins as a request to subscribe or to follow does. */
static bool
asks_to_act(const struct dom *d, uint32_t i)
{
	struct buf text = {0};
	bool found;

	dom_collect(d, i, &text, true);
	text.len = text.len < LEAD ? text.len : LEAD;
	found = strchr(text.data, '@') != NULL;
	text.data[text.len] = '\0';
	found = found || part_heading_of(text.data) == HEADING_APART;
	buf_free(&text);
	return found;
}

/* A closing paragraph in italics that has something to act on, or is about the author: it is the editors' */
static bool
is_end_note(const struct page *p, uint32_t i)
{
	const struct dom *d = p->d;
	const struct dom_node *n = &d->nodes[i];
	uint32_t k = i + 1;

	if (dom_tag(d, i) != GUMBO_TAG_P || n->text == 0 || n->text > AUTHOR / 2)
		return false;
	while (k < n->end && dom_text(d, k) && d->nodes[k].length == 0)
		k++;
	if (k >= n->end || (dom_tag(d, k) != GUMBO_TAG_EM && dom_tag(d, k) != GUMBO_TAG_I) ||
	    d->nodes[k].text != n->text)
		return false;
	return n->links > 0 || asks_to_act(d, i);
}

/* The text of the first part below I that is a heading, a link or in bold, if the text of I begins with it, and it is
 * as short as a name; its length, else 0. */
static size_t
name_length(const struct dom *d, uint32_t i, const char *text)
{
	struct buf name = {0};
	uint32_t k = i + 1;
	size_t n;

	while (k < d->nodes[i].end &&
	       !(dom_tag(d, k) == GUMBO_TAG_B || dom_tag(d, k) == GUMBO_TAG_STRONG ||
		 (dom_tag(d, k) == GUMBO_TAG_A && d->nodes[k].text > 0) || dom_is_heading(dom_tag(d, k))))
		k++;
	if (k >= d->nodes[i].end || d->nodes[k].text < 4 || d->nodes[k].text > NAME)
		return 0;
	dom_collect(d, k, &name, true);
	n = strlen(name.data + strspn(name.data, " \n\t"));
	n = strncmp(text, name.data + strspn(name.data, " \n\t"), n) == 0 ? n : 0;
	buf_free(&name);
	return n;
}

/* Whether the box I, with a picture or links, begins with a name and says what the person does: "Ada Lovelace is a
 * writer in London." */
static bool
introduces(const struct page *p, uint32_t i)
{
	static const char *const words[] = {"is a ",     "is an ",   "is the ",      "writes ",
					    "covers ",   "reports ", "has written ", "has been ",
					    "works as ", "ist ",     "schreibt ",    "est "};
	struct buf text = {0};
	const char *at;
	size_t n;
	bool found = false;

	if (p->signs[i].image == 0 && p->d->nodes[i].links == 0)
		return false;
	dom_collect(p->d, i, &text, true);
	at = text.data + strspn(text.data, " \n\t");
	n = name_length(p->d, i, at);
	at += n + strspn(at + n, " \n\t");
	for (size_t k = 0; n > 0 && k < sizeof(words) / sizeof(words[0]); k++)
		found = found || strncmp(at, words[k], strlen(words[k])) == 0;
	buf_free(&text);
	return found;
}

bool
page_ending_is_note(const struct page *p, uint32_t i)
{
	return is_about_author(p, i) || is_end_note(p, i);
}

uint32_t
page_ending_find(const struct page *p, uint32_t chosen, uint32_t first, uint32_t last)
{
	const struct dom *d = p->d;
	uint32_t box = last;

	if (page_ending_is_note(p, last))
		return last;
	for (int level = 0; level < BOX; level++) {
		box = d->nodes[box].parent;
		if (box <= chosen || box <= first || d->nodes[box].text > AUTHOR)
			return 0;
		if (begins_with_author(p, box) || introduces(p, box))
			return box;
	}
	return 0;
}
