#include "web/page_lines.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

#include "web/page_ending.h"

enum {
	LABEL = 150, /* characters of a line about the text */
	SHORT = 100, /* characters of one that is told by its words or dates */
	LINE = 80,   /* characters of a short line */
	AUTHORS = 3, /* of messages */
	TEASER = 15, /* characters of the link of a teaser */
	TEASERS = 4, /* in one place */
	SAY = 25,    /* characters before it */
	NODES = 300, /* below a line, hidden ones too: each look at a line reads all of them */
};

/* --- lines about the text --- */

/* How many years from 1900 on the text names. */
static unsigned
count_years(const char *text)
{
	unsigned count = 0;

	for (const char *at = text; *at; at++)
		if ((at == text || !isdigit((unsigned char)at[-1])) &&
		    (strncmp(at, "19", 2) == 0 || strncmp(at, "20", 2) == 0) && isdigit((unsigned char)at[2]) &&
		    isdigit((unsigned char)at[3]) && !isdigit((unsigned char)at[4]))
			count++;
	return count;
}

/* Whether a text of at most a few characters has a letter; longer ones count as having one. */
static bool
has_letters(const char *text)
{
	if (strlen(text) > 6)
		return true;
	for (; *text; text++)
		if (isalpha((unsigned char)*text) || (unsigned char)*text >= 0x80)
			return true;
	return false;
}

static bool
begins_with(const char *text, const char *const *words, size_t n)
{
	for (size_t k = 0; k < n; k++)
		if (strncasecmp(text, words[k], strlen(words[k])) == 0)
			return true;
	return false;
}

/* "By" and the like before a name: in a line above the text, with a capital letter behind it. */
static bool
is_by_line(const char *text)
{
	static const char *const words[] = {"by ", "von ", "par ", "por ", "di ", "door ", "written by "};
	const char *name = strchr(text, ' ');

	return begins_with(text, words, sizeof(words) / sizeof(words[0])) && name &&
	       (isupper((unsigned char)name[1]) || (unsigned char)name[1] >= 0x80 ||
		strncasecmp(text, "written", 7) == 0);
}

/* Whether a text ends as a sentence does. */
static bool
is_sentence(const char *text)
{
	size_t n = strlen(text);

	while (n > 0 && isspace((unsigned char)text[n - 1]))
		n--;
	return n > 0 && strchr(".!?\"'", text[n - 1]);
}

/* Whether the words of a line below the text tell whose it is, or who worked on it. */
static bool
says_whose(const char *text)
{
	static const char *const words[] = {"copyright",
					    "\xc2\xa9",
					    "\xe2\x93\x92",
					    "\xec\xa0\x80\xec\x9e\x91\xea\xb6\x8c",
					    "\xeb\xac\xb4\xeb\x8b\xa8",
					    "\xe7\x89\x88\xe6\x9d\x83",
					    "\xe8\xb4\xa3\xe4\xbb\xbb\xe7\xbc\x96\xe8\xbe\x91",
					    "\xe8\xb2\xac\xe4\xbb\xbb\xe7\xb7\xa8\xe8\xbc\xaf",
					    "\xe7\x84\xa1\xe6\x96\xad\xe8\xbb\xa2\xe8\xbc\x89",
					    "reporting by",
					    "our standards",
					    "all rights reserved",
					    "this entry was posted",
					    "posted in",
					    "filed under",
					    "first published"};

	while (isspace((unsigned char)*text))
		text++;
	return begins_with(text, words, sizeof(words) / sizeof(words[0])) || strcasestr(text, "all rights reserved");
}

/* Whether the words of a short line tell when or by whom the text was written, or what to do with it. HEAD: the line is
 * above the text; below it, a sentence is always of the text. */
static bool
is_label_text(const struct dom *d, uint32_t i, bool head)
{
	static const char *const words[] = {"published", "updated",  "modified", "posted",      "last updated",
					    "share",     "print",    "advert",   "listen",      "save",
					    "publi\xc3", "aktualis", "stand:",   "ver\xc3\xb6", "follow",
					    "subscribe", "partager", "teilen",   "compartir"};
	struct buf text = {0};
	const char *at;
	bool found = false;

	dom_collect(d, i, &text, true);
	for (at = text.data; *at && !isalnum((unsigned char)*at) && (unsigned char)*at < 0x80;)
		at++;
	if (!head && says_whose(text.data))
		found = true;
	else if (head || !is_sentence(at))
		found = begins_with(at, words, sizeof(words) / sizeof(words[0])) || !has_letters(at);
	if (head)
		found = found || is_by_line(at) || strcasestr(at, "min read") || strcasestr(at, "minute read") ||
			(count_years(at) == 1 && !is_sentence(at));
	buf_free(&text);
	return found;
}

/* A line at the edge of the text: above its first or below its last running text. */
static bool
is_edge_label(const struct page *p, uint32_t i, bool head)
{
	const struct dom *d = p->d;
	const struct dom_node *n = &d->nodes[i];
	GumboTag tag = dom_tag(d, i);

	if (n->text == 0 || n->text > LABEL || n->end - i > NODES || n->prose || dom_is_heading(tag) ||
	    page_is_table_part(tag) || tag == GUMBO_TAG_LI || tag == GUMBO_TAG_DD || tag == GUMBO_TAG_DT ||
	    tag == GUMBO_TAG_PRE || tag == GUMBO_TAG_FIGCAPTION || tag == GUMBO_TAG_FIGURE ||
	    tag == GUMBO_TAG_BLOCKQUOTE || !dom_is_block(d, i) || p->signs[i].heading > 0)
		return false;
	return n->linked * 2 > n->text || (n->links >= 3 && n->linked * 4 > n->text) ||
	       (n->text < SHORT && (p->signs[i].time > 0 || p->signs[i].author > 0)) ||
	       (n->text < SHORT && is_label_text(d, i, head));
}

/* Whether a line has a date in words: "asked Mar 4, 2012", "5 hours ago". */
static bool
says_when(const struct dom *d, uint32_t i)
{
	struct buf text = {0};
	bool found;

	dom_collect(d, i, &text, true);
	found = !is_sentence(text.data) && (count_years(text.data) == 1 || strstr(text.data, " ago"));
	buf_free(&text);
	return found;
}

/* Whether a part with an author and a date has a line with neither, that is no link: what the author said. */
static bool
says_more(const struct page *p, uint32_t i)
{
	for (uint32_t k = i + 1; k < p->d->nodes[i].end; k++) {
		const struct dom_node *n = &p->d->nodes[k];

		if (!n->hidden && n->own > SAY && n->own_linked == 0 && p->signs[k].author == 0 &&
		    p->signs[k].time == 0 && !says_when(p->d, k))
			return true;
	}
	return false;
}

/* A line that says by whom and when something was written, anywhere: each message of a forum has one. */
static bool
is_signature(const struct page *p, uint32_t i)
{
	const struct dom_node *n = &p->d->nodes[i];
	GumboTag tag = dom_tag(p->d, i);

	return n->text > 0 && n->text < SHORT && n->end - i <= NODES && !n->prose && p->signs[i].author > 0 &&
	       p->signs[i].heading == 0 && !page_is_table_part(tag) && tag != GUMBO_TAG_LI && dom_is_block(p->d, i) &&
	       (p->signs[i].time > 0 || (n->own == n->text && says_when(p->d, i))) && !says_more(p, i);
}

/* Whether the part is the page's title, which some pages write as a link or as a plain line. */
static bool
is_title(const struct page *p, uint32_t i)
{
	struct buf text = {0};
	char *line;
	bool same;

	if (!p->title || strlen(p->title) < 8 || p->d->nodes[i].text < 8 || p->d->nodes[i].end - i > NODES)
		return false;
	dom_collect(p->d, i, &text, true);
	line = utf8_copy_line(text.data, text.len, text.len);
	same = strcasestr(line, p->title) != NULL ||
	       (strlen(line) > 10 && strncasecmp(p->title, line, strlen(line)) == 0);
	free(line);
	buf_free(&text);
	return same;
}

/* Whether the text before the link in I ends with a colon or a bar. */
static bool
says_before_link(const struct dom *d, uint32_t i)
{
	struct buf text = {0};
	size_t n;
	bool found;

	for (uint32_t k = i + 1; k < d->nodes[i].end && !d->nodes[k].in_link; k++)
		if (dom_text(d, k) && !d->nodes[k].hidden)
			buf_str(&text, dom_text(d, k));
	for (n = text.len; n > 0 && isspace((unsigned char)text.data[n - 1]);)
		n--;
	found = n > 0 && strchr(":|[", text.data[n - 1]);
	buf_free(&text);
	return found;
}

/* Whether I is a paragraph, a box or a list: of these, teasers are made. */
static bool
may_be_teaser(const struct page *p, uint32_t i)
{
	GumboTag tag = dom_tag(p->d, i);

	return tag == GUMBO_TAG_P || (p->article && p->signs[i].heading == 0 &&
				      (tag == GUMBO_TAG_DIV || tag == GUMBO_TAG_UL || tag == GUMBO_TAG_ASIDE));
}

/* Whether a paragraph announces what follows it: it ends with a colon. */
static bool
announces(const struct dom *d, uint32_t i)
{
	struct buf text = {0};
	bool found;

	dom_collect(d, i, &text, true);
	while (text.len > 0 && isspace((unsigned char)text.data[text.len - 1]))
		text.len--;
	found = text.len > 0 && text.data[text.len - 1] == ':';
	buf_free(&text);
	return found;
}

/* Links to other pages of the site, alone or behind a word or two ("See also:"), between two paragraphs of running
 * text: a teaser. */
static bool
is_teaser_line(const struct page *p, uint32_t i)
{
	const struct dom *d = p->d;
	const struct dom_node *n = &d->nodes[i];
	uint32_t before, after;

	if (n->links == 0 || n->links > TEASERS || n->linked < TEASER || n->text - n->linked > SAY || n->prose ||
	    n->text > LABEL * n->links || p->signs[i].outside > 0 || p->signs[i].author > 0 || !may_be_teaser(p, i))
		return false;
	before = page_previous(d, i);
	after = page_next(d, i);
	if (!before || !after || !page_is_prose(d, before) || !page_is_prose(d, after) || !part_leads_elsewhere(d, i))
		return false;
	if (dom_tag(d, i) != GUMBO_TAG_P)
		return !announces(d, before);
	return n->links == 1 && (n->text == n->linked || says_before_link(d, i));
}

/* The first and the last block of running text in the part; *FIRST is 0 if it has fewer than two. */
static void
find_prose(const struct dom *d, uint32_t part, uint32_t *first, uint32_t *last)
{
	size_t count = 0;

	*first = *last = 0;
	for (uint32_t i = part; i < d->nodes[part].end;) {
		if (d->nodes[i].hidden || d->nodes[i].dropped) {
			i = d->nodes[i].end;
			continue;
		}
		if (page_is_prose(d, i)) {
			*first = *first ? *first : i;
			*last = i;
			count++;
		}
		i++;
	}
	if (count < 2)
		*first = 0;
}

/* Whether I is a line about the text, whose running text is from FIRST to LAST. */
static bool
is_label(const struct page *p, uint32_t i, uint32_t first, uint32_t last)
{
	bool above = p->d->nodes[i].end <= first, below = i >= p->d->nodes[last].end;

	return is_signature(p, i) || ((above || below) && is_edge_label(p, i, above)) ||
	       (below && page_ending_is_note(p, i)) || (!above && !below && is_teaser_line(p, i));
}

void
page_lines_drop_labels(struct page *p, uint32_t chosen)
{
	struct dom *d = p->d;
	uint32_t first, last;

	find_prose(d, chosen, &first, &last);
	if (!first)
		return;
	for (uint32_t end; first && (end = page_ending_find(p, chosen, first, last)) > 0;) {
		page_drop(p, end);
		find_prose(d, chosen, &first, &last);
	}
	for (uint32_t i = chosen + 1; first && i < d->nodes[chosen].end;) {
		if (page_is_shown(d, i) && is_label(p, i, first, last) && !is_title(p, i))
			page_drop(p, i);
		i = d->nodes[i].dropped || d->nodes[i].hidden ? d->nodes[i].end : i + 1;
	}
	dom_count(d);
}

/* --- lines of messages --- */

struct line {
	uint64_t hash;
	uint32_t node;
};

/* The hash of a line without blanks and digits, in small letters: FNV-1a. */
static uint64_t
hash_line(const struct dom *d, uint32_t i)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (uint32_t k = i; k < d->nodes[i].end; k++) {
		const char *text = d->nodes[k].hidden ? NULL : dom_text(d, k);

		for (; text && *text; text++)
			if (!isspace((unsigned char)*text) && !isdigit((unsigned char)*text))
				hash = (hash ^ (unsigned char)tolower((unsigned char)*text)) * UINT64_C(0x100000001b3);
	}
	return hash;
}

/* Whether the element is a short line, without other blocks in it. */
static bool
is_line(const struct page *p, uint32_t i)
{
	const struct dom_node *n = &p->d->nodes[i];

	return page_is_shown(p->d, i) && dom_is_block(p->d, i) && n->end - i <= NODES && n->text > 0 &&
	       n->text == n->own && n->text < LINE && dom_tag(p->d, i) != GUMBO_TAG_PRE &&
	       !page_is_table_part(dom_tag(p->d, i));
}

static int
compare_lines(const void *a, const void *b)
{
	const struct line *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return x->node < y->node ? -1 : x->node > y->node;
}

void
page_lines_drop_repeated(struct page *p, uint32_t chosen)
{
	struct line *lines = NULL;
	size_t count = 0, room = 0;

	if (p->signs[chosen].author < AUTHORS)
		return;
	for (uint32_t i = chosen + 1; i < p->d->nodes[chosen].end; i++) {
		if (!is_line(p, i))
			continue;
		if (count == room) {
			room = room ? room * 2 : 64;
			lines = buf_realloc(lines, room * sizeof(*lines));
		}
		lines[count++] = (struct line){hash_line(p->d, i), i};
	}
	if (count > 0)
		qsort(lines, count, sizeof(*lines), compare_lines);
	for (size_t i = 0, n; i < count; i += n) {
		for (n = 1; i + n < count && lines[i + n].hash == lines[i].hash;)
			n++;
		for (size_t k = 0; n >= AUTHORS && k < n; k++)
			page_drop(p, lines[i + k].node);
	}
	free(lines);
	dom_count(p->d);
}
