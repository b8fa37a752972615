#include "main_content.h"

#include <ctype.h>
#include <string.h>

enum {
	LABEL = 150,  /* characters of a line about the text: its author, its date */
	DENSE = 3,    /* links of a list of links */
	BESIDE = 60,  /* characters of a block beside a text that belongs to it */
	LEVELS = 200, /* ancestors of an element that are checked */
	NODES = 500,  /* below a notice */
	NOTICE = 900, /* characters of a notice: a cookie banner, a box about a newsletter */
};

/* How much is dropped. */
enum zeal { BY_TAG, BY_WORDS, BY_LINKS };

/* Words of classes and ids; in lists between blanks. */
static const char words_apart[] =
	" cookie cookies cookiebanner cookiebar consent gdpr ccpa onetrust cmp share shares sharing sharebar addthis "
	"sharethis "
	"social socials related relatedposts recommend recommended recommendation recommendations recirc outbrain "
	"taboola "
	"trending popular mostread sidebar sidebars rail comments comment commentlist disqus respond newsletter "
	"subscribe "
	"subscription signup optin promo promos promotion advert adverts advertisement advertising ads ad adslot adbox "
	"sponsor "
	"sponsored banner breadcrumb breadcrumbs crumbs pagination pager paging nav navbar navigation menu navmenu "
	"footer "
	"masthead modal overlay popup lightbox widget widgets toolbar skip skiplink skipnav paywall upsell teaser cta "
	"tagcloud "
	"printonly noprint editsection navbox toc siteheader sitefooter topbar bottombar backtotop feedback survey "
	"login "
	"signin account cart minicart rating helpful crosssell upsells recently toast snackbar alertbar announcement "
	"shareline prevnext postnav reactions actionbar kommentare werbung anzeige teilen abo verwandte commentaires "
	"partage "
	"publicite comentarios compartir publicidad relacionados ";
static const char words_label[] =
	" byline author dateline meta postmeta entrymeta timestamp posted published date time readtime readingtime "
	"tags tag taglist categories category credits copyright avatar userinfo signature poster vote votes score "
	"actions "
	"controls permalink badge profile postprofile hidden srt sr visuallyhidden screenreader ";
static const char roles[] =
	" navigation banner contentinfo complementary search dialog alertdialog menu menubar toolbar "
	"tooltip tablist alert status ";

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

/* Whether a word of NAMES is in the list: relatedPosts has the words related and Posts, side-bar has side, bar and
 * sidebar. */
static bool
attribute_says(const char *names, const char *list)
{
	char word[64], both[64];
	size_t n = 0, was = 0;

	both[0] = '\0';
	for (const char *c = names;; c++) {
		bool letter = isalpha((unsigned char)*c);
		bool hump = letter && c > names && isupper((unsigned char)*c) && islower((unsigned char)c[-1]);

		if (n > 0 && (!letter || hump)) {
			word[n] = '\0';
			if (has_word(list, word))
				return true;
			if (was + n < sizeof(both)) {
				memcpy(both + was, word, n + 1);
				if (was > 0 && has_word(list, both))
					return true;
			}
			memcpy(both, word, n + 1);
			was = n;
			n = 0;
		}
		if (*c == '\0')
			return false;
		if (isspace((unsigned char)*c))
			was = 0;
		if (letter && n + 1 < sizeof(word))
			word[n++] = (char)tolower((unsigned char)*c);
	}
}

static bool
is_named(const struct dom *d, uint32_t i, const char *list)
{
	const char *class = dom_attribute(d, i, "class"), *id = dom_attribute(d, i, "id");

	return (class && attribute_says(class, list)) || (id && attribute_says(id, list));
}

static bool
has_role(const struct dom *d, uint32_t i, const char *list)
{
	const char *role = dom_attribute(d, i, "role");

	return role && *role && has_word(list, role);
}

/* Whether an ancestor of I, within some levels, has the tag. */
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

/* By its tag or role. */
static bool
is_frame(const struct dom *d, uint32_t i, float all)
{
	const struct dom_node *n = &d->nodes[i];

	switch (dom_tag(d, i)) {
	case GUMBO_TAG_NAV:
	case GUMBO_TAG_ASIDE:
	case GUMBO_TAG_MENU:
		return true;
	case GUMBO_TAG_FOOTER:
		return !is_inside(d, i, GUMBO_TAG_BLOCKQUOTE) && !is_inside(d, i, GUMBO_TAG_FIGURE);
	case GUMBO_TAG_HEADER:
		return !is_inside(d, i, GUMBO_TAG_ARTICLE) && !is_inside(d, i, GUMBO_TAG_MAIN) && n->mass < all / 3;
	case GUMBO_TAG_FORM:
		return n->mass < all / 3;
	default:
		return has_role(d, i, roles) && n->mass < all / 3;
	}
}

/* By the words of its class and id. */
static bool
is_told(const struct dom *d, uint32_t i, float all)
{
	const struct dom_node *n = &d->nodes[i];
	GumboTag tag = dom_tag(d, i);

	if (is_content_tag(tag) || is_heading(tag) || n->mass > all / 2)
		return false;
	if (n->text < LABEL && !is_table_part(tag) && is_named(d, i, words_label))
		return true;
	return !is_table_part(tag) && tag != GUMBO_TAG_PRE && tag != GUMBO_TAG_CODE && is_named(d, i, words_apart);
}

/* Words of a short notice about cookies, in a block apart from the text. */
static bool
is_notice(const struct dom *d, uint32_t i)
{
	struct buf text = {0};
	bool found;

	if (d->nodes[i].text > NOTICE || d->nodes[i].text < 20 || d->nodes[i].end - i > NODES ||
	    dom_tag(d, i) != GUMBO_TAG_DIV)
		return false;
	if (dom_find(d, i, d->nodes[i].end, GUMBO_TAG_BUTTON) == d->nodes[i].end)
		return false;
	dom_collect(d, i, &text, true);
	found = strcasestr(text.data, "cookie") &&
		(strcasestr(text.data, "accept") || strcasestr(text.data, "consent") || strcasestr(text.data, "agree"));
	buf_free(&text);
	return found;
}

/* By its links: a list that has only links. */
static bool
is_links(const struct dom *d, uint32_t i)
{
	const struct dom_node *n = &d->nodes[i];

	switch (dom_tag(d, i)) {
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

static void
drop_elements(struct dom *d, enum zeal zeal)
{
	float all = d->nodes[0].mass;

	for (uint32_t i = 1; i < d->count;) {
		bool element = dom_tag(d, i) != GUMBO_TAG_UNKNOWN || d->nodes[i].node->type == GUMBO_NODE_ELEMENT;

		d->nodes[i].dropped =
			element && !d->nodes[i].hidden &&
			(is_frame(d, i, all) || (zeal >= BY_WORDS && (is_told(d, i, all) || is_notice(d, i))));
		i = d->nodes[i].dropped ? d->nodes[i].end : i + 1;
	}
	dom_count(d);
	for (uint32_t i = 1; i < d->count && zeal >= BY_LINKS;) {
		if (!d->nodes[i].dropped)
			d->nodes[i].dropped = is_links(d, i);
		i = d->nodes[i].dropped ? d->nodes[i].end : i + 1;
	}
	dom_count(d);
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

uint32_t
main_content_find(struct dom *d)
{
	static const enum zeal zeals[] = {BY_LINKS, BY_WORDS, BY_TAG};
	float all = d->nodes[0].mass;

	for (size_t i = 0; i < sizeof(zeals) / sizeof(zeals[0]); i++) {
		drop_nothing(d);
		drop_elements(d, zeals[i]);
		if (d->nodes[0].mass >= all * 0.25F && d->nodes[0].mass > 0)
			return choose_content(d);
	}
	if (d->nodes[0].mass <= 0)
		drop_nothing(d);
	return choose_content(d);
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
