#include "page_parts.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

enum {
	LABEL = 150,    /* characters of a line about the text */
	NOTICE = 900,   /* of a box: a notice about cookies, a form to subscribe */
	AUTHOR = 800,   /* of a box about the author */
	TAGS = 400,     /* of a list of tags */
	BAR = 250,      /* of a share bar */
	DENSE = 3,      /* links of a list of links */
	NODES = 500,    /* below a notice */
	REPEATED = 600, /* characters of a quotation that is compared with the rest of the page */
	LEVELS = 200,   /* ancestors that are checked */
};

static const char roles[] =
	" navigation banner contentinfo complementary search dialog alertdialog menu menubar toolbar "
	"tooltip tablist alert status ";

static bool
is_inside(const struct dom *d, uint32_t i, GumboTag tag)
{
	for (int level = 0; level < LEVELS && i != d->nodes[i].parent; level++) {
		i = d->nodes[i].parent;
		if (dom_tag(d, i) == tag)
			return true;
	}
	return false;
}

static bool
is_table_part(GumboTag tag)
{
	return tag == GUMBO_TAG_TABLE || tag == GUMBO_TAG_TR || tag == GUMBO_TAG_TD || tag == GUMBO_TAG_TH ||
	       tag == GUMBO_TAG_TBODY || tag == GUMBO_TAG_THEAD || tag == GUMBO_TAG_TFOOT;
}

static bool
is_heading(GumboTag tag)
{
	return tag >= GUMBO_TAG_H1 && tag <= GUMBO_TAG_H6;
}

static bool
is_content_tag(GumboTag tag)
{
	return tag == GUMBO_TAG_HTML || tag == GUMBO_TAG_BODY || tag == GUMBO_TAG_MAIN || tag == GUMBO_TAG_ARTICLE;
}

static bool
has_role(const struct dom *d, uint32_t i)
{
	const char *role = dom_attribute(d, i, "role"), *at = role && *role ? strstr(roles, role) : NULL;

	return at && at[-1] == ' ' && at[strlen(role)] == ' ';
}

static bool
is_dialog(const struct dom *d, uint32_t i)
{
	const char *role = dom_attribute(d, i, "role");

	return role && (strcmp(role, "dialog") == 0 || strcmp(role, "alertdialog") == 0);
}

/* Whether it has something to act on: a field, a button, links in lines of their own. */
static bool
has_action(const struct page *p, uint32_t i)
{
	const struct dom_node *n = &p->d->nodes[i];
	const struct part_signs *s = &p->signs[i];

	return s->field > 0 || s->action > 0 || s->share > 0 || (n->links > 0 && n->linked * 3 > n->text) ||
	       (n->in_link && n->text > 0);
}

/* Whether it is one of several similar sections beside each other that have running text. */
static bool
is_in_series(const struct page *p, uint32_t i)
{
	uint32_t beside[] = {page_previous(p->d, i), page_next(p->d, i)};

	for (size_t k = 0; k < 2; k++)
		if (beside[k] && page_is_alike(p->d, i, beside[k]) && dom_attribute(p->d, i, "class") &&
		    p->signs[beside[k]].prose > 0 && p->signs[beside[k]].action == 0)
			return true;
	return false;
}

/* --- tags and roles --- */

/* Whether the running text of I is elsewhere on the page as well, as that of pull quotes is. */
static bool
is_repeated(const struct dom *d, uint32_t i)
{
	struct buf part = {0}, page = {0};
	bool found = false;
	char *at;
	size_t n;

	if (d->nodes[i].text < 20 || d->nodes[i].text > REPEATED)
		return false;
	dom_collect(d, i, &part, true);
	dom_collect(d, 0, &page, true);
	for (at = part.data; *at && (isspace((unsigned char)*at) || strchr("\"'\xe2\x80\x9c\x9d", *at));)
		at++;
	n = strcspn(at, "\n\"") < 40 ? strcspn(at, "\n\"") : 40;
	at[n] = '\0';
	if (n > 15) {
		const char *first = strstr(page.data, at);

		found = first && strstr(first + n, at);
	}
	buf_free(&part);
	buf_free(&page);
	return found;
}

/* An aside within the text: a note, and not a quotation or a box. */
static bool
is_note(const struct page *p, uint32_t i)
{
	const struct dom *d = p->d;
	const struct dom_node *n = &d->nodes[i];

	return (is_inside(d, i, GUMBO_TAG_ARTICLE) || is_inside(d, i, GUMBO_TAG_MAIN)) && n->text > 0 &&
	       p->signs[i].field == 0 && p->signs[i].action == 0 && n->linked * 3 < n->text &&
	       !part_is_named(d, i, NAME_APART) && page_first_heading(p, i) == HEADING_OTHER && !is_repeated(d, i);
}

static bool
is_frame(const struct page *p, uint32_t i)
{
	const struct dom *d = p->d;
	const struct dom_node *n = &d->nodes[i];

	switch (dom_tag(d, i)) {
	case GUMBO_TAG_NAV:
	case GUMBO_TAG_MENU:
		return n->mass < p->all / 2;
	case GUMBO_TAG_ASIDE:
		return n->mass < p->all / 2 && !is_note(p, i);
	case GUMBO_TAG_FOOTER:
		return n->mass < p->all / 2 && !is_inside(d, i, GUMBO_TAG_BLOCKQUOTE) &&
		       !is_inside(d, i, GUMBO_TAG_FIGURE);
	case GUMBO_TAG_HEADER:
		return !is_inside(d, i, GUMBO_TAG_ARTICLE) && !is_inside(d, i, GUMBO_TAG_MAIN) && n->mass < p->all / 3;
	case GUMBO_TAG_FORM:
		return n->mass < p->all / 3 && p->signs[i].prose < 2 && p->signs[i].field > 0;
	default:
		return has_role(d, i) && (n->mass < p->all / 3 || is_dialog(d, i));
	}
}

/* Drops every part below the page for which TEST is true, the outermost first. */
static void
drop_where(struct page *p, bool (*test)(const struct page *p, uint32_t i))
{
	struct dom *d = p->d;

	for (uint32_t i = 1; i < d->count;) {
		if (page_is_shown(d, i) && test(p, i))
			page_drop(p, i);
		i = d->nodes[i].dropped || d->nodes[i].hidden ? d->nodes[i].end : i + 1;
	}
	dom_count(d);
}

void
page_parts_drop_frames(struct page *p)
{
	drop_where(p, is_frame);
}

/* --- boxes --- */

/* Words of a short notice about cookies, in a block with a button. */
static bool
is_notice(const struct page *p, uint32_t i)
{
	const struct dom *d = p->d;
	struct buf text = {0};
	bool found;

	if (d->nodes[i].text > NOTICE || d->nodes[i].text < 20 || d->nodes[i].end - i > NODES ||
	    dom_tag(d, i) != GUMBO_TAG_DIV || (p->signs[i].field == 0 && p->signs[i].action == 0))
		return false;
	dom_collect(d, i, &text, true);
	found = strcasestr(text.data, "cookie") &&
		(strcasestr(text.data, "accept") || strcasestr(text.data, "consent") ||
		 strcasestr(text.data, "agree") || strcasestr(text.data, "akzept") ||
		 strcasestr(text.data, "accepter") || strcasestr(text.data, "aceptar"));
	buf_free(&text);
	return found;
}

/* A field for an address and a button to send it. */
static bool
is_sign_up(const struct page *p, uint32_t i)
{
	const struct dom *d = p->d;
	const struct dom_node *n = &d->nodes[i];

	if (p->signs[i].field == 0 || n->text > NOTICE / 2 || p->signs[i].prose > 1 || n->end - i > NODES)
		return false;
	for (uint32_t k = i + 1; k < n->end; k++)
		if (dom_tag(d, k) == GUMBO_TAG_INPUT) {
			const char *type = dom_attribute(d, k, "type");

			if (type && strcasecmp(type, "email") == 0)
				return true;
		}
	return false;
}

/* A box about the author: marked or named so, or text that begins with the author's name. */
static bool
is_author_box(const struct page *p, uint32_t i)
{
	const struct dom *d = p->d;
	const struct dom_node *n = &d->nodes[i];
	const struct part_signs *s = &p->signs[i];

	if (n->text > AUTHOR || n->text < 20 || s->prose > 3 || is_in_series(p, i))
		return false;
	return part_is_named(d, i, NAME_AUTHOR) && (s->author > 0 || s->image > 0 || s->action > 0 || n->text < LABEL);
}

/* A part with a heading that says that it is not the text, and with links or fields that confirm it. */
static bool
is_headed_apart(const struct page *p, uint32_t i)
{
	const struct dom_node *n = &p->d->nodes[i];
	const struct part_signs *s = &p->signs[i];
	bool links = n->links > 0 && (n->linked * 3 > n->text || s->linked > 1 || s->action > 0);

	if (!links && s->field == 0 && s->share == 0 && s->author == 0)
		return false;
	return (n->text < NOTICE || n->linked * 4 > n->text || s->linked > 2) &&
	       page_first_heading(p, i) == HEADING_APART;
}

static bool
is_box(const struct page *p, uint32_t i)
{
	const struct dom *d = p->d;
	const struct dom_node *n = &d->nodes[i];
	const struct part_signs *s = &p->signs[i];
	GumboTag tag = dom_tag(d, i);

	if (!dom_is_block(d, i) && is_heading(dom_tag(d, d->nodes[i].parent)))
		return n->text < LABEL && part_is_named(d, i, NAME_LABEL) &&
		       n->text * 2 < d->nodes[d->nodes[i].parent].text;
	if (is_content_tag(tag) || is_heading(tag) || is_table_part(tag) || tag == GUMBO_TAG_PRE ||
	    tag == GUMBO_TAG_CODE || n->mass > p->all / 2)
		return false;
	if (n->text < BAR && s->share > 0 && s->share * 2 >= n->links && !n->prose)
		return true;
	if (n->text < TAGS && s->tag > 0 && s->tag >= n->links && !n->prose && n->linked * 2 > n->text)
		return true;
	if (is_notice(p, i) || is_sign_up(p, i) || is_author_box(p, i) || is_headed_apart(p, i))
		return true;
	if (n->text < LABEL && !n->prose && part_is_named(d, i, NAME_LABEL))
		return true;
	if (n->text < LABEL && !n->prose)
		return part_is_named(d, i, NAME_APART) && (has_action(p, i) || dom_is_block(d, i)) &&
		       !is_in_series(p, i);
	if (!has_action(p, i) || !part_is_named(d, i, NAME_APART) || is_in_series(p, i))
		return false;
	return n->text < NOTICE || n->linked * 4 > n->text || s->linked > 2 || (s->field > 0 && s->prose < 3);
}

void
page_parts_drop_boxes(struct page *p)
{
	drop_where(p, is_box);
}

/* --- links --- */

static bool
is_links(const struct page *p, uint32_t i)
{
	const struct dom_node *n = &p->d->nodes[i];

	switch (dom_tag(p->d, i)) {
	case GUMBO_TAG_UL:
	case GUMBO_TAG_OL:
	case GUMBO_TAG_DL:
	case GUMBO_TAG_DIV:
	case GUMBO_TAG_SECTION:
	case GUMBO_TAG_TABLE:
	case GUMBO_TAG_P:
		return n->links >= DENSE && !n->prose && n->linked * 5 > n->text * 3;
	default:
		return false;
	}
}

void
page_parts_drop_links(struct page *p)
{
	drop_where(p, is_links);
}

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

/* Whether the words of a short line tell when or by whom the text was written, or what to do with it. */
static bool
is_label_text(const struct dom *d, uint32_t i)
{
	static const char *const words[] = {"by ",
					    "published",
					    "updated",
					    "posted",
					    "last updated",
					    "written by",
					    "share",
					    "print",
					    "advertisement",
					    "listen",
					    "save",
					    "von ",
					    "par ",
					    "publi\xc3",
					    "por ",
					    "aktualis",
					    "stand:",
					    "ver\xc3\xb6"
					    "ff",
					    "di ",
					    "door ",
					    "follow",
					    "subscribe"};
	struct buf text = {0};
	const char *at;
	bool found = false;

	dom_collect(d, i, &text, true);
	for (at = text.data; *at && !isalnum((unsigned char)*at) && (unsigned char)*at < 0x80;)
		at++;
	for (size_t k = 0; k < sizeof(words) / sizeof(words[0]) && !found; k++)
		found = strncasecmp(at, words[k], strlen(words[k])) == 0;
	found = found || strcasestr(at, "min read") || strcasestr(at, "minute read");
	found = found || count_years(at) == 1 || !has_letters(at);
	buf_free(&text);
	return found;
}

/* A line at the edge of the text: above its first or below its last running text. */
static bool
is_edge_label(const struct page *p, uint32_t i)
{
	const struct dom *d = p->d;
	const struct dom_node *n = &d->nodes[i];
	GumboTag tag = dom_tag(d, i);

	if (n->text == 0 || n->text > LABEL || n->prose || is_heading(tag) || is_table_part(tag) ||
	    tag == GUMBO_TAG_LI || tag == GUMBO_TAG_DD || tag == GUMBO_TAG_DT || tag == GUMBO_TAG_PRE ||
	    tag == GUMBO_TAG_FIGCAPTION || tag == GUMBO_TAG_FIGURE || tag == GUMBO_TAG_BLOCKQUOTE ||
	    !dom_is_block(d, i) || p->signs[i].heading > 0)
		return false;
	return n->linked * 2 > n->text || (n->links >= 3 && n->linked * 4 > n->text) ||
	       (n->text < 100 && (p->signs[i].time > 0 || p->signs[i].author > 0)) ||
	       (n->text < 100 && is_label_text(d, i));
}

/* A line that says by whom and when something was written, anywhere: each message of a forum has one. */
static bool
is_signature(const struct page *p, uint32_t i)
{
	const struct dom_node *n = &p->d->nodes[i];
	GumboTag tag = dom_tag(p->d, i);

	return n->text > 0 && n->text < 100 && !n->prose && p->signs[i].author > 0 && p->signs[i].time > 0 &&
	       p->signs[i].heading == 0 && !is_table_part(tag) && tag != GUMBO_TAG_LI && dom_is_block(p->d, i);
}

/* Whether the part is the page's title, which some pages write as a link or as a plain line. */
static bool
is_title(const struct page *p, uint32_t i)
{
	struct buf text = {0};
	char *line;
	bool same;

	if (!p->title || p->d->nodes[i].text < 8)
		return false;
	dom_collect(p->d, i, &text, true);
	line = utf8_copy_line(text.data, text.len, text.len);
	same = strcasestr(line, p->title) != NULL ||
	       (strlen(line) > 10 && strncasecmp(p->title, line, strlen(line)) == 0);
	free(line);
	buf_free(&text);
	return same;
}

/* A paragraph below the text that begins with the author's name: "Ada Lovelace is a writer in London." */
static bool
is_about_author(const struct page *p, uint32_t i)
{
	const struct dom *d = p->d;
	struct buf text = {0};
	const char *at;
	bool found;

	if (!p->author || strlen(p->author) < 5 || d->nodes[i].text > AUTHOR || d->nodes[i].own < 20)
		return false;
	dom_collect(d, i, &text, true);
	for (at = text.data; isspace((unsigned char)*at);)
		at++;
	found = strncasecmp(at, p->author, strlen(p->author)) == 0;
	buf_free(&text);
	return found;
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

void
page_parts_drop_labels(struct page *p, uint32_t chosen)
{
	struct dom *d = p->d;
	uint32_t first, last;

	find_prose(d, chosen, &first, &last);
	if (!first)
		return;
	if (is_about_author(p, last)) {
		page_drop(p, last);
		find_prose(d, chosen, &first, &last);
	}
	for (uint32_t i = chosen + 1; first && i < d->nodes[chosen].end;) {
		bool edge = d->nodes[i].end <= first || i >= d->nodes[last].end;

		if (page_is_shown(d, i) && (is_signature(p, i) || (edge && is_edge_label(p, i))) && !is_title(p, i))
			page_drop(p, i);
		i = d->nodes[i].dropped || d->nodes[i].hidden ? d->nodes[i].end : i + 1;
	}
	dom_count(d);
}
