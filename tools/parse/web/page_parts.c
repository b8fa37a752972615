#include "web/page_parts.h"

#include <ctype.h>
#include <string.h>

enum {
	LABEL = 150,    /* characters of a line about the text */
	WORD = 50,      /* of a line that only names what is beside the text: "Advertisement" */
	NOTICE = 900,   /* of a box: a notice about cookies, a form to subscribe */
	AUTHOR = 800,   /* of a box about the author */
	TAGS = 400,     /* of a list of tags */
	BAR = 250,      /* of a share bar */
	DENSE = 3,      /* links of a list of links */
	NODES = 500,    /* below a notice */
	REPEATED = 600, /* characters of a quotation that is compared with the rest of the page */
	WHOLE = 60000,  /* of a page that it is compared with: each comparison reads all of it */
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

	if (d->nodes[i].text < 20 || d->nodes[i].text > REPEATED || d->nodes[0].text > WHOLE)
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
		return n->mass < p->all / 3 && (p->signs[i].prose < 2 || p->signs[i].area > 0) && p->signs[i].field > 0;
	default:
		return has_role(d, i) && (n->mass < p->all / 3 || is_dialog(d, i));
	}
}

/* Drops every part below the page for which TEST is true, the outermost first. */
static void
drop_where(struct page *p, bool (*test)(const struct page *p, uint32_t i))
{
	struct dom *d = p->d;
	bool any = false;

	for (uint32_t i = 1; i < d->count;) {
		if (page_is_shown(d, i) && test(p, i)) {
			page_drop(p, i);
			any = true;
		}
		i = d->nodes[i].dropped || d->nodes[i].hidden ? d->nodes[i].end : i + 1;
	}
	if (any)
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
	found = (strcasestr(text.data, "cookie") || strcasestr(text.data, "personenbezogene daten") ||
		 strcasestr(text.data, "donn\xc3\xa9"
				       "es personnelles") ||
		 strcasestr(text.data, "datos personales")) &&
		(strcasestr(text.data, "einverstanden") || strcasestr(text.data, "accept") ||
		 strcasestr(text.data, "consent") || strcasestr(text.data, "agree") ||
		 strcasestr(text.data, "akzept") || strcasestr(text.data, "accepter") ||
		 strcasestr(text.data, "aceptar"));
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
	bool links = n->links > 0 && (n->linked * 3 > n->text || s->linked > 1 || (s->action > 0 && n->text < BAR));

	if (!links && s->field == 0 && s->share == 0 && s->author == 0)
		return false;
	return (n->text < NOTICE || n->linked * 4 > n->text || s->linked > 2) &&
	       page_first_heading(p, i) == HEADING_APART;
}

/* Whether the part beside I, before or after it, is of the same kind and has running text, and not much more of it. */
static bool
is_beside_alike(const struct page *p, uint32_t i)
{
	uint32_t beside[] = {page_previous(p->d, i), page_next(p->d, i)};

	for (size_t k = 0; k < 2; k++)
		if (beside[k] && page_is_alike(p->d, i, beside[k]) && p->signs[beside[k]].prose > 0 &&
		    p->d->nodes[beside[k]].mass < p->d->nodes[i].mass * 4)
			return true;
	return false;
}

/* Whether all links of the part are at its end, where there is nothing else. */
static bool
ends_in_links(const struct dom *d, uint32_t i)
{
	uint32_t linked = 0;

	for (uint32_t k = i + 1; k < d->nodes[i].end; k = d->nodes[k].end)
		if (page_is_shown(d, k) && d->nodes[k].text > 0)
			linked = d->nodes[k].linked == d->nodes[k].text ? linked + d->nodes[k].linked : 0;
	return linked > 0 && linked == d->nodes[i].linked;
}

/* In an article, a box that asks for something, and ends with links to act on; or one with the headline of another
 * article. It is alone: sections of a text are several, and written alike. */
static bool
is_appeal(const struct page *p, uint32_t i)
{
	const struct dom *d = p->d;
	const struct dom_node *n = &d->nodes[i];
	const struct part_signs *s = &p->signs[i];
	GumboTag tag = dom_tag(d, i);

	if (!p->article || (tag != GUMBO_TAG_DIV && tag != GUMBO_TAG_SECTION) || n->text > NOTICE || n->links == 0 ||
	    n->links > 3 || s->prose > 2 || n->mass > p->all / 4 || i < p->first_prose || is_beside_alike(p, i))
		return false;
	if (s->heading > 0 && s->linked == s->heading)
		return s->prose < 2 && s->outside == 0;
	return n->linked * 5 < n->text && s->action > 0 && ends_in_links(d, i);
}

/* Links right below a heading that says that they are not the text, with no element around both. */
static bool
is_below_apart(const struct page *p, uint32_t i)
{
	const struct dom_node *n = &p->d->nodes[i];
	uint32_t before;

	if (n->links == 0 || n->prose || n->linked * 5 <= n->text * 3 || !dom_is_block(p->d, i))
		return false;
	before = page_previous(p->d, i);
	return before && dom_is_heading(dom_tag(p->d, before)) && page_first_heading(p, before) == HEADING_APART;
}

static bool
is_box(const struct page *p, uint32_t i)
{
	const struct dom *d = p->d;
	const struct dom_node *n = &d->nodes[i];
	const struct part_signs *s = &p->signs[i];
	GumboTag tag = dom_tag(d, i);

	if (!dom_is_block(d, i) && dom_is_heading(dom_tag(d, n->parent)))
		return tag != GUMBO_TAG_A && d->nodes[n->parent].text > n->text + 1 &&
		       (part_is_named(d, i, NAME_LABEL) || part_is_named(d, i, NAME_APART));
	if (!dom_is_block(d, i) && page_is_prose(d, n->parent))
		return false; /* a part of a sentence */
	if (is_content_tag(tag) || dom_is_heading(tag) || page_is_table_part(tag) || tag == GUMBO_TAG_PRE ||
	    tag == GUMBO_TAG_CODE || n->mass > p->all / 2)
		return false;
	if (n->text < BAR && s->share > 0 && s->share * 2 >= n->links && !n->prose)
		return true;
	if (n->text < TAGS && s->tag > 0 && s->tag >= n->links && !n->prose && n->linked * 2 > n->text)
		return true;
	if (is_notice(p, i) || is_sign_up(p, i) || is_author_box(p, i) || is_headed_apart(p, i) ||
	    is_below_apart(p, i) || is_appeal(p, i))
		return true;
	if (n->text < LABEL && !n->prose && part_is_named(d, i, NAME_LABEL))
		return true;
	if (n->text < LABEL && !n->prose)
		return part_is_named(d, i, NAME_APART) && (has_action(p, i) || n->text < WORD) && !is_in_series(p, i);
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
