#include "page_metadata.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/words.h"
#include "html/url.h"
#include "records/rec.h"

enum { DEPTH = 32, LD_NODES = 2000, LD_BYTES = 1 << 20 };

/* The values, from the most to the least reliable source. */
struct said {
	char *title, *site, *language, *description, *author, *date, *canonical, *modified;
	struct buf *body;
};

struct meta {
	const char *name;
	size_t member;
};

#define MEMBER(m) offsetof(struct said, m)

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
};

enum { METAS = sizeof(metas) / sizeof(metas[0]) };

/* --- JSON-LD --- */

/* A string, or the "name" of an object, or these of an array, with commas. */
static void
names_of(struct json_object *o, struct buf *out, int depth)
{
	if (!o || depth > 3 || out->len > DOC_LINE)
		return;
	if (json_object_is_type(o, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(o) && i < 20; i++)
			names_of(json_object_array_get_idx(o, i), out, depth + 1);
		return;
	}
	if (json_object_is_type(o, json_type_object))
		o = json_object_object_get(o, "name");
	if (json_object_is_type(o, json_type_string) && json_object_get_string_len(o) > 0)
		buf_printf(out, "%s%s", out->len ? ", " : "", json_object_get_string(o));
}

static void
take_names(char **to, struct json_object *o, const char *key)
{
	struct json_object *v;
	struct buf names = {0};

	if (*to || !json_object_object_get_ex(o, key, &v))
		return;
	names_of(v, &names, 0);
	doc_set_string(to, names.data);
	buf_free(&names);
}

/* Types of things on the page that are not the page itself. */
static bool
is_aside(struct json_object *o)
{
	return word_is_one_of(rec_string(o, "@type"), "Organization", "NewsMediaOrganization", "WebSite",
			      "BreadcrumbList", "ImageObject", "Person", "SearchAction", "ListItem",
			      "SiteNavigationElement", "Corporation", "LocalBusiness");
}

/* The longest text of an article. */
static void
take_body(struct said *s, struct json_object *o)
{
	const char *text = rec_string(o, "articleBody");

	if (text && strlen(text) > s->body->len) {
		buf_clear(s->body);
		buf_str(s->body, text);
	}
}

static void
take_thing(struct said *s, struct json_object *o)
{
	if (is_aside(o))
		return;
	take_body(s, o);
	take_names(&s->title, o, "headline");
	if (!rec_string(o, "headline") && rec_string(o, "@type"))
		take_names(&s->title, o, "name");
	take_names(&s->description, o, "description");
	take_names(&s->author, o, "author");
	take_names(&s->author, o, "creator");
	take_names(&s->date, o, "datePublished");
	take_names(&s->date, o, "dateCreated");
	take_names(&s->modified, o, "dateModified");
	take_names(&s->language, o, "inLanguage");
}

static void
take_ld(struct said *s, struct json_object *o, int depth, int *left)
{
	struct json_object *graph;

	if (depth > 4 || --*left < 0)
		return;
	if (json_object_is_type(o, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(o); i++)
			take_ld(s, json_object_array_get_idx(o, i), depth + 1, left);
	} else if (json_object_is_type(o, json_type_object)) {
		take_thing(s, o);
		if (json_object_object_get_ex(o, "@graph", &graph) ||
		    json_object_object_get_ex(o, "mainEntity", &graph))
			take_ld(s, graph, depth + 1, left);
	}
}

static void
look_at_ld(struct said *s, const struct dom *d, uint32_t i)
{
	const char *type = dom_attribute(d, i, "type");
	struct json_tokener *t;
	struct json_object *o;
	int left = LD_NODES;
	const char *text = i + 1 < d->nodes[i].end ? dom_text(d, i + 1) : NULL;
	size_t n = text ? strlen(text) : 0;

	if (!type || strcasecmp(type, "application/ld+json") != 0 || n == 0 || n > LD_BYTES)
		return;
	t = json_tokener_new_ex(DEPTH);
	if (!t)
		return;
	o = json_tokener_parse_ex(t, text, (int)n + 1);
	take_ld(s, o, 0, &left);
	json_object_put(o);
	json_tokener_free(t);
}

/* --- elements --- */

/* The values of the metas, by their places in the table. */
struct heard {
	const char *content[METAS];
	char *title, *author, *byline, *date;
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

/* "By Ada Lovelace | 3 May" is Ada Lovelace. */
static void
take_author(char **to, const struct dom *d, uint32_t i)
{
	char *text = NULL;
	const char *name;

	if (*to || d->nodes[i].text == 0 || d->nodes[i].text > 80)
		return;
	take_text(&text, d, i);
	name = text && strncasecmp(text, "by ", 3) == 0 ? text + 3 : text;
	if (name)
		doc_set(to, name, strcspn(name, "|,;(0123456789\xc2"));
	free(text);
}

static void
look_at_body(struct heard *h, const struct dom *d, uint32_t i)
{
	GumboTag tag = dom_tag(d, i);

	if (tag == GUMBO_TAG_TIME || attribute_is(d, i, "itemprop", "datePublished")) {
		const char *stamp = dom_attribute(d, i, "datetime");

		if (!stamp)
			stamp = dom_attribute(d, i, "content");
		if (stamp && isdigit((unsigned char)*stamp) && strlen(stamp) >= 8)
			doc_set_string(&h->date, stamp);
	}
	if (attribute_is(d, i, "rel", "author") || attribute_is(d, i, "itemprop", "author"))
		take_author(&h->author, d, i);
	else if (attribute_is(d, i, "class", "byline") || attribute_is(d, i, "class", "author") ||
		 attribute_is(d, i, "class", "author-name"))
		take_author(&h->byline, d, i);
}

static void
look_at_link(struct said *s, const struct dom *d, uint32_t i, CURLU *base)
{
	const char *href = dom_attribute(d, i, "href");

	if (!s->canonical && href && attribute_is(d, i, "rel", "canonical"))
		s->canonical = url_resolve(base, href, strlen(href));
}

static void
look_at_element(struct said *s, struct heard *h, const struct dom *d, uint32_t i, CURLU *base)
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
		look_at_ld(s, d, i);
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
take_title(const struct dom *d, const struct said *s, const struct heard *h, struct doc *out)
{
	uint32_t h1 = dom_find(d, 0, d->count, GUMBO_TAG_H1);

	if (s->title)
		out->title = without_site(s->title, s->site);
	else if (h->title)
		out->title = without_site(h->title, s->site);
	else if (h1 < d->count)
		take_text(&out->title, d, h1);
}

static void
settle_metadata(const struct dom *d, struct said *s, struct heard *h, CURLU *base, struct doc *out)
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
	doc_set_string(&out->date, s->date);
	doc_set_string(&out->date, h->date);
	doc_set_string(&out->canonical, s->canonical);
	doc_meta(out, "site", s->site);
	doc_meta(out, "modified", s->modified);
}

void
page_metadata_read(const struct dom *d, CURLU *base, struct doc *out, struct buf *body)
{
	struct said s = {.body = body};
	struct heard h = {0};
	char **lines[] = {&s.title,     &s.site,     &s.language, &s.description, &s.author, &s.date,
			  &s.canonical, &s.modified, &h.title,    &h.author,      &h.byline, &h.date};

	for (uint32_t i = 0; i < d->count; i++)
		look_at_element(&s, &h, d, i, base);
	settle_metadata(d, &s, &h, base, out);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		free(*lines[i]);
}
