#include "web/page_metadata.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "html/url.h"
#include "records/rec.h"
#include "web/page_date.h"
#include "web/page_linked_data.h"

enum {
	LINES = 12, /* behind the heading that may be about the text */
	LINE = 120, /* characters of one */
};

struct meta {
	const char *name;
	size_t member;
};

#define MEMBER(m) offsetof(struct page_statements, m)

/* The first one that a page has counts, in this order. */
static const struct meta metas[] = {
	{"og:title", MEMBER(title)},
	{"citation_title", MEMBER(title)},
	{"twitter:title", MEMBER(title)},
	{"dc.title", MEMBER(title)},
	{"dcterms.title", MEMBER(title)},
	{"og:site_name", MEMBER(site)},
	{"application-name", MEMBER(site)},
	{"og:description", MEMBER(description)},
	{"description", MEMBER(description)},
	{"twitter:description", MEMBER(description)},
	{"dc.description", MEMBER(description)},
	{"author", MEMBER(author)},
	{"citation_author", MEMBER(author)},
	{"dc.creator", MEMBER(author)},
	{"dcterms.creator", MEMBER(author)},
	{"article:author", MEMBER(author)},
	{"parsely-author", MEMBER(author)},
	{"article:published_time", MEMBER(date)},
	{"datepublished", MEMBER(date)},
	{"citation_publication_date", MEMBER(date)},
	{"citation_date", MEMBER(date)},
	{"parsely-pub-date", MEMBER(date)},
	{"sailthru.date", MEMBER(date)},
	{"publish-date", MEMBER(date)},
	{"dc.date", MEMBER(date)},
	{"dcterms.date", MEMBER(date)},
	{"dc.date.issued", MEMBER(date)},
	{"date", MEMBER(date)},
	{"pubdate", MEMBER(date)},
	{"article:modified_time", MEMBER(modified)},
	{"last-modified", MEMBER(modified)},
	{"og:locale", MEMBER(language)},
	{"content-language", MEMBER(language)},
	{"dc.language", MEMBER(language)},
	{"og:url", MEMBER(canonical)},
	{"og:image:secure_url", MEMBER(image)},
	{"og:image", MEMBER(image)},
	{"og:image:url", MEMBER(image)},
	{"twitter:image", MEMBER(image)},
	{"twitter:image:src", MEMBER(image)},
	{"thumbnail", MEMBER(image)},
};

enum { METAS = sizeof(metas) / sizeof(metas[0]) };

/* --- elements --- */

/* The values of the metas, by their places in the table. */
struct heard {
	const char *content[METAS];
	char *title, *headline, *author, *byline, *date, *line, *image;
	bool heading;   /* the page's heading was passed */
	unsigned lines; /* that were read behind it */
};

static void
look_at_meta(struct heard *h, const struct dom *d, uint32_t i)
{
	const char *content = dom_attribute(d, i, "content"), *name = dom_attribute(d, i, "property");

	name = name ? name : dom_attribute(d, i, "name");
	name = name ? name : dom_attribute(d, i, "itemprop");
	name = name ? name : dom_attribute(d, i, "http-equiv");
	for (size_t k = 0; name && content && *content && k < METAS; k++)
		if (!h->content[k] && strcasecmp(name, metas[k].name) == 0)
			h->content[k] = content;
}

static void
take_text(char **to, const struct dom *d, uint32_t i)
{
	struct buf text = {0};

	if (*to)
		return;
	for (uint32_t k = i + 1; k < d->nodes[i].end && text.len < DOC_LINE; k++)
		if (dom_text(d, k))
			buf_str(&text, dom_text(d, k));
	doc_set_string(to, text.data);
	buf_free(&text);
}

static bool
attribute_is(const struct dom *d, uint32_t i, const char *name, const char *value)
{
	const char *has = dom_attribute(d, i, name);

	return has && strcasecmp(has, value) == 0;
}

/* The name behind "By" or another such word; NULL if there is none. */
static const char *
behind_by(const char *text)
{
	static const char *const words[] = {"by ",      "by: ",    "von ",  "par ",        "por ",
					    "di ",      "door ",   "av ",   "written by ", "\xd0\xbe\xd1\x82 ",
					    "author: ", "autor: ", "text: "};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strncasecmp(text, words[i], strlen(words[i])) == 0)
			return text + strlen(words[i]);
	return NULL;
}

/* "By Ada Lovelace | 3 May" is Ada Lovelace. */
static void
take_author(char **to, const struct dom *d, uint32_t i)
{
	char *text = NULL;
	const char *name;

	if (*to || d->nodes[i].text == 0 || d->nodes[i].text > 80)
		return;
	take_text(&text, d, i);
	name = text ? behind_by(text) : NULL;
	name = name ? name : text;
	if (name)
		doc_set(to, name, strcspn(name, "|,;(0123456789\xc2"));
	free(text);
}

/* A short line behind the page's heading may have the date, or the author's name behind "By". */
static void
look_at_line(struct heard *h, const struct dom *d, uint32_t i)
{
	struct page_date date;
	char *text = NULL;
	const char *name;

	if (!h->heading || h->lines >= LINES || !dom_is_block(d, i) || d->nodes[i].own == 0)
		return;
	h->lines++;
	if (d->nodes[i].text > LINE)
		return;
	take_text(&text, d, i);
	if (text && !h->line && page_date_find(text, &date))
		doc_set(&h->line, text + date.from, date.n);
	name = text ? behind_by(text) : NULL;
	if (name && isupper((unsigned char)*name) && !h->byline)
		take_author(&h->byline, d, i);
	free(text);
}

static void
look_at_date(struct heard *h, const struct dom *d, uint32_t i)
{
	const char *stamp = dom_attribute(d, i, "datetime");
	struct page_date date;
	char *text = NULL;

	if (!stamp)
		stamp = dom_attribute(d, i, "content");
	if (!stamp)
		take_text(&text, d, i);
	if (stamp && isdigit((unsigned char)*stamp) && strlen(stamp) >= 8)
		doc_set_string(&h->date, stamp);
	else if (text && page_date_find(text, &date))
		doc_set(&h->date, text + date.from, date.n);
	free(text);
}

/* The picture that is marked as the page's in microdata. */
static void
look_at_image(struct heard *h, const struct dom *d, uint32_t i)
{
	const char *url = dom_attribute(d, i, "src");

	url = url ? url : dom_attribute(d, i, "content");
	doc_set_string(&h->image, url ? url : dom_attribute(d, i, "href"));
}

static void
look_at_body(struct heard *h, const struct dom *d, uint32_t i)
{
	GumboTag tag = dom_tag(d, i);
	const char *property = dom_attribute(d, i, "itemprop");

	look_at_line(h, d, i);
	h->heading = h->heading || tag == GUMBO_TAG_H1;
	if (tag == GUMBO_TAG_TIME || (property && strcasecmp(property, "datePublished") == 0))
		look_at_date(h, d, i);
	if (property && strcasecmp(property, "image") == 0)
		look_at_image(h, d, i);
	if (property && strcasecmp(property, "headline") == 0)
		take_text(&h->headline, d, i);
	if (attribute_is(d, i, "rel", "author") || (property && strcasecmp(property, "author") == 0))
		take_author(&h->author, d, i);
	else if (attribute_is(d, i, "class", "byline") || attribute_is(d, i, "class", "author") ||
		 attribute_is(d, i, "class", "author-name"))
		take_author(&h->byline, d, i);
}

static void
look_at_link(struct page_statements *s, const struct dom *d, uint32_t i, CURLU *base)
{
	const char *href = dom_attribute(d, i, "href");

	if (href && attribute_is(d, i, "rel", "image_src"))
		doc_set_string(&s->image, href);
	if (!s->canonical && href && attribute_is(d, i, "rel", "canonical"))
		s->canonical = url_resolve(base, href, strlen(href));
}

static void
look_at_element(struct page_statements *s, struct heard *h, const struct dom *d, uint32_t i, CURLU *base)
{
	switch (dom_tag(d, i)) {
	case GUMBO_TAG_HTML:
		doc_set_string(&s->language, dom_attribute(d, i, "lang"));
		break;
	case GUMBO_TAG_TITLE:
		if (dom_tag(d, d->nodes[i].parent) == GUMBO_TAG_HEAD)
			take_text(&h->title, d, i);
		break;
	case GUMBO_TAG_META:
		look_at_meta(h, d, i);
		break;
	case GUMBO_TAG_LINK:
		look_at_link(s, d, i, base);
		break;
	case GUMBO_TAG_SCRIPT:
		page_linked_data_read(s, d, i);
		break;
	default:
		if (d->nodes[i].node->type == GUMBO_NODE_ELEMENT && !d->nodes[i].hidden)
			look_at_body(h, d, i);
	}
}

/* --- what is made of it --- */

/* "A dog bites - The Daily Dog" becomes "A dog bites": the name of the site is removed if the rest is longer. */
static char *
without_site(const char *title, const char *site)
{
	static const char *const marks[] = {" | ",        " - ",  " \xe2\x80\x93 ", " \xe2\x80\x94 ",
					    " \xc2\xb7 ", " :: ", " \xc2\xbb "};
	const char *cut = NULL;
	char *out = NULL;

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		for (const char *at = strstr(title, marks[i]); at; at = strstr(at + 1, marks[i])) {
			const char *tail = at + strlen(marks[i]);

			if ((site && strcasecmp(tail, site) == 0) || (!site && (size_t)(at - title) > strlen(tail) &&
								      at - title > 10 && !strstr(tail, marks[i])))
				cut = at;
		}
	doc_set(&out, title, cut ? (size_t)(cut - title) : strlen(title));
	return out;
}

static void
take_title(const struct dom *d, const struct page_statements *s, const struct heard *h, struct doc *out)
{
	uint32_t h1 = dom_find(d, 0, d->count, GUMBO_TAG_H1);

	if (s->title)
		out->title = without_site(s->title, s->site);
	else if (h->headline)
		doc_set_string(&out->title, h->headline);
	else if (h->title)
		out->title = without_site(h->title, s->site);
	else if (h1 < d->count)
		take_text(&out->title, d, h1);
}

/* The date of publication and that of the last change, as ISO 8601 beside the page's own words. */
static void
settle_dates(const struct page_statements *s, const struct heard *h, struct doc *out)
{
	struct page_date date;

	doc_set_string(&out->date, s->date);
	doc_set_string(&out->date, h->date);
	doc_set_string(&out->date, h->line);
	if (out->date && page_date_find(out->date, &date))
		doc_meta(out, "date_iso", date.iso);
	doc_meta(out, "modified", s->modified);
	if (s->modified && page_date_find(s->modified, &date))
		doc_meta(out, "modified_iso", date.iso);
}

static void
settle_image(const struct page_statements *s, const struct heard *h, CURLU *base, struct doc *out)
{
	const char *image = s->image ? s->image : h->image;
	char *url = image ? url_resolve(base, image, strlen(image)) : NULL;

	doc_meta(out, "image", url);
	free(url);
}

static void
settle_metadata(const struct dom *d, struct page_statements *s, struct heard *h, CURLU *base, struct doc *out)
{
	char *c;

	for (size_t k = 0; k < METAS; k++) {
		bool url = metas[k].member == MEMBER(author) && h->content[k] && strstr(h->content[k], "://");

		if (!url && metas[k].member != MEMBER(canonical))
			doc_set_string((char **)((char *)s + metas[k].member), h->content[k]);
		if (h->content[k] && metas[k].member == MEMBER(canonical) && !s->canonical)
			s->canonical = url_resolve(base, h->content[k], strlen(h->content[k]));
	}
	take_title(d, s, h, out);
	doc_set_string(&out->language, s->language);
	/* en_GB becomes en-GB; an invalid name of a language is ignored. */
	c = out->language;
	for (; c && *c; c++)
		if (*c == '_')
			*c = '-';
		else if (!isalnum((unsigned char)*c) && *c != '-')
			*c = '\0';
	if (out->language && (!*out->language || strlen(out->language) > 35)) {
		free(out->language);
		out->language = NULL;
	}
	doc_set_string(&out->description, s->description);
	doc_set_string(&out->author, s->author);
	doc_set_string(&out->author, h->author);
	doc_set_string(&out->author, h->byline);
	settle_dates(s, h, out);
	settle_image(s, h, base, out);
	doc_set_string(&out->canonical, s->canonical);
	doc_meta(out, "site", s->site);
}

void
page_metadata_read(const struct dom *d, CURLU *base, struct doc *out, struct buf *body)
{
	struct page_statements s = {.body = body};
	struct heard h = {0};
	char **lines[] = {&s.title,     &s.site,     &s.language, &s.description, &s.author,   &s.date,
			  &s.canonical, &s.modified, &s.image,    &h.title,       &h.headline, &h.author,
			  &h.byline,    &h.date,     &h.line,     &h.image};

	for (uint32_t i = 0; i < d->count; i++)
		look_at_element(&s, &h, d, i, base);
	settle_metadata(d, &s, &h, base, out);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		free(*lines[i]);
}
