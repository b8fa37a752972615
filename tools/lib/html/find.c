#include "html/find.h"

#include <curl/curl.h>
#include <search.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "confined/media.h"
#include "hosts/optout.h"
#include "html/srcset.h"
#include "html/tree.h"
#include "html/url.h"

/* What is being found. */
struct search {
	struct find *out;
	size_t most;
	CURLU *base;            /* NULL: none is known */
	void *seen;             /* the URLs in OUT, a tree of tsearch(3) */
	size_t video;           /* where in OUT the og:video that is being described begins */
	const GumboNode *shown; /* the img of the last picture: it is in OUT already */
};

/* The best candidate so far for one picture. */
struct best {
	char *url; /* NULL: none */
	const char *from;
	bool width;
	double size;
	int rank; /* decides between those of one size */
};

/* Meta properties that name a file. */
struct property {
	const char *name, *kind, *from;
};

static const struct property properties[] = {
	{"og:image", "image", "og:image"},
	{"og:image:url", "image", "og:image"},
	{"og:image:secure_url", "image", "og:image:secure_url"},
	{"og:video", "video", "og:video"},
	{"og:video:url", "video", "og:video"},
	{"og:video:secure_url", "video", "og:video:secure_url"},
	{"og:audio", "audio", "og:audio"},
	{"og:audio:url", "audio", "og:audio"},
	{"og:audio:secure_url", "audio", "og:audio:secure_url"},
	{"twitter:image", "image", "twitter:image"},
	{"twitter:image:src", "image", "twitter:image"},
};

/* Attributes that pages keep the real address in until it is scrolled to; the first that is there counts. */
static const char *const lazy_sources[] = {"data-src", "data-original", "data-lazy-src", NULL};
static const char *const lazy_srcsets[] = {"data-srcset", "data-lazy-srcset", NULL};

static int
by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

static char *
make_title(const char *text)
{
	return utf8_copy_line(text ? text : "", text ? strlen(text) : 0, MEDIA_TITLE - 1);
}

/* Takes over URL (NULL: there is none). */
static void
add_url(struct search *s, const char *kind, const char *from, char *url, const char *title)
{
	struct find *f = s->out;

	if (!url || f->count >= s->most || tfind(url, &s->seen, by_text)) {
		free(url);
		return;
	}
	if ((f->count & (f->count - 1)) == 0)
		f->media = buf_realloc(f->media, (f->count ? f->count * 2 : 1) * sizeof(*f->media));
	f->media[f->count++] = (struct find_one){.url = url, .title = make_title(title), .kind = kind, .from = from};
	tsearch(url, &s->seen, by_text);
}

static void
add_text(struct search *s, const char *kind, const char *from, const char *text, const char *title)
{
	if (text)
		add_url(s, kind, from, url_resolve(s->base, text, strlen(text)), title);
}

static void
drop_last(struct search *s)
{
	struct find_one *one = &s->out->media[--s->out->count];

	tdelete(one->url, &s->seen, by_text);
	free(one->url);
	free(one->title);
}

static bool
begins_with(const char *s, const char *with)
{
	return strncmp(s, with, strlen(with)) == 0;
}

/* og:image:secure_url is og:image once more where only the scheme is another. */
static void
forget_insecure(struct search *s, const char *kind, const char *secure)
{
	struct find_one *last = s->out->count ? &s->out->media[s->out->count - 1] : NULL;
	char *url = last ? url_resolve(s->base, secure, strlen(secure)) : NULL;

	if (url && begins_with(last->from, "og:") && strcmp(last->kind, kind) == 0 &&
	    begins_with(last->url, "http://") && begins_with(url, "https://") && strcmp(last->url + 7, url + 8) == 0)
		drop_last(s);
	free(url);
}

/* What describes the file of the property before it. */
static void
describe_last(struct search *s, const char *name, const char *content)
{
	struct find_one *last = s->out->count ? &s->out->media[s->out->count - 1] : NULL;
	bool alt = (last && strcasecmp(name, "og:image:alt") == 0 && begins_with(last->from, "og:image")) ||
		   (last && strcasecmp(name, "twitter:image:alt") == 0 && begins_with(last->from, "twitter:"));

	if (alt && !*last->title) {
		free(last->title);
		last->title = make_title(content);
	}
	if (strcasecmp(name, "og:video") == 0)
		s->video = s->out->count;
	if (strcasecmp(name, "og:video:type") != 0)
		return;
	/* a page with a player in it, not a video */
	while (strncasecmp(content, "text/html", 9) == 0 && s->out->count > s->video &&
	       begins_with(s->out->media[s->out->count - 1].from, "og:video"))
		drop_last(s);
	s->video = s->out->count;
}

static void
look_at_meta(struct search *s, const GumboNode *e)
{
	const char *content = tree_attribute(e, "content"), *name = tree_attribute(e, "property");

	if (!name)
		name = tree_attribute(e, "name");
	if (!name || !content)
		return;
	if (!s->out->rule)
		s->out->rule = optout_meta(name, content, OPTOUT_AGENT);
	describe_last(s, name, content);
	for (size_t i = 0; i < sizeof(properties) / sizeof(properties[0]); i++)
		if (strcasecmp(name, properties[i].name) == 0) {
			if (strstr(properties[i].from, "secure_url"))
				forget_insecure(s, properties[i].kind, content);
			add_text(s, properties[i].kind, properties[i].from, content, NULL);
		}
}

/* Whether a word is in a list of words between blanks, in any case. */
static bool
has_word(const char *list, const char *word)
{
	size_t n;

	for (; list && *list; list += n) {
		list += strspn(list, " \t\n\f\r");
		n = strcspn(list, " \t\n\f\r");
		if (n == strlen(word) && strncasecmp(list, word, n) == 0)
			return true;
	}
	return false;
}

/* The candidate takes the place of the best if it is better, and a URL. */
static void
consider_candidate(struct search *s, struct best *b, const struct best *new, const char *text, size_t n)
{
	char *url;

	if (b->url &&
	    (new->width != b->width ? b->width : new->size < b->size || (new->size == b->size &&new->rank <= b->rank)))
		return;
	url = url_resolve(s->base, text, n);
	if (!url)
		return;
	free(b->url);
	*b = *new;
	b->url = url;
}

static void
consider_set(struct search *s, struct best *b, const char *srcset, const char *from, int rank)
{
	struct srcset set = {.at = srcset ? srcset : ""};

	while (srcset_next(&set))
		consider_candidate(s, b,
				   &(struct best){.from = from, .width = set.width, .size = set.size, .rank = rank},
				   set.url, set.len);
}

static void
consider_one(struct search *s, struct best *b, const char *src, const char *from, int rank)
{
	if (src)
		consider_candidate(s, b, &(struct best){.from = from, .size = 1, .rank = rank}, src, strlen(src));
}

static const char *
first_attribute(const GumboNode *e, const char *const *names)
{
	const char *value = NULL;

	for (; *names && !value; names++)
		value = tree_attribute(e, *names);
	return value;
}

/* Of equal sizes, what a page loads later is the real one, and the img of a picture is of the commonest format. */
static void
consider_img(struct search *s, struct best *b, const GumboNode *e)
{
	consider_set(s, b, first_attribute(e, lazy_srcsets), "data-srcset", 6);
	consider_one(s, b, first_attribute(e, lazy_sources), "data-src", 5);
	consider_set(s, b, tree_attribute(e, "srcset"), "srcset", 2);
	consider_one(s, b, tree_attribute(e, "src"), "img", 3);
}

static const char *
title_of(const GumboNode *e)
{
	const char *alt = tree_attribute(e, "alt");

	return alt && *alt ? alt : tree_attribute(e, "title");
}

/* Its sources up to its img, and that. */
static void
look_at_picture(struct search *s, const GumboNode *e)
{
	const GumboVector *children = &e->v.element.children;
	const GumboNode *img = NULL;
	struct best b = {0};

	for (unsigned i = 0; i < children->length && !img; i++) {
		const GumboNode *child = children->data[i];

		if (child->type != GUMBO_NODE_ELEMENT)
			continue;
		if (child->v.element.tag == GUMBO_TAG_SOURCE) {
			consider_set(s, &b, first_attribute(child, lazy_srcsets), "picture", 4);
			consider_set(s, &b, tree_attribute(child, "srcset"), "picture", 1);
		} else if (child->v.element.tag == GUMBO_TAG_IMG) {
			img = child;
		}
	}
	if (img)
		consider_img(s, &b, img);
	s->shown = img;
	add_url(s, "image", b.from, b.url, img ? title_of(img) : NULL);
}

static void
look_at_img(struct search *s, const GumboNode *e)
{
	struct best b = {0};

	if (e == s->shown)
		return;
	consider_img(s, &b, e);
	add_url(s, "image", b.from, b.url, title_of(e));
}

/* video, audio, and the sources of either. */
static void
look_at_player(struct search *s, const GumboNode *e, const char *kind, const char *from)
{
	const char *src = tree_attribute(e, "src");

	add_text(s, kind, from, src ? src : first_attribute(e, lazy_sources), tree_attribute(e, "title"));
	if (strcmp(from, "video") == 0)
		add_text(s, "image", "poster", tree_attribute(e, "poster"), tree_attribute(e, "title"));
}

static void
look_at_source(struct search *s, const GumboNode *e)
{
	GumboTag parent =
		e->parent && e->parent->type == GUMBO_NODE_ELEMENT ? e->parent->v.element.tag : GUMBO_TAG_UNKNOWN;

	if (parent == GUMBO_TAG_VIDEO)
		look_at_player(s, e, "video", "source");
	else if (parent == GUMBO_TAG_AUDIO)
		look_at_player(s, e, "audio", "source");
}

static void
look_at_link(struct search *s, const GumboNode *e)
{
	const char *href = tree_attribute(e, "href"), *kind;
	char *url = href ? url_resolve(s->base, href, strlen(href)) : NULL;

	if (url && (kind = url_kind(url)))
		add_url(s, kind, "link", url, tree_attribute(e, "title"));
	else
		free(url);
}

/* Gumbo 0.10 has no number for this element. */
static bool
is_picture(const GumboNode *e)
{
	GumboStringPiece name = e->v.element.original_tag;

	gumbo_tag_from_original_text(&name);
	return name.data && name.length == 7 && strncasecmp(name.data, "picture", 7) == 0;
}

static void
look_at_body(struct search *s, const GumboNode *e)
{
	switch (e->v.element.tag) {
	case GUMBO_TAG_IMG:
		look_at_img(s, e);
		break;
	case GUMBO_TAG_VIDEO:
		look_at_player(s, e, "video", "video");
		break;
	case GUMBO_TAG_AUDIO:
		look_at_player(s, e, "audio", "audio");
		break;
	case GUMBO_TAG_SOURCE:
		look_at_source(s, e);
		break;
	case GUMBO_TAG_A:
		look_at_link(s, e);
		break;
	case GUMBO_TAG_UNKNOWN:
		if (is_picture(e))
			look_at_picture(s, e);
		break;
	default:
		break;
	}
}

static CURLU *
parse_base(const char *url)
{
	CURLU *u = curl_url();

	if (u && url && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK)
		return u;
	curl_url_cleanup(u);
	return NULL;
}

/* The first <base href> counts, if it is a URL that something can be below. */
static void
find_base(struct search *s, const GumboNode *document, const char *page_url)
{
	char *page = url_resolve(NULL, page_url, strlen(page_url)), *base = NULL;
	const char *href = NULL;

	s->base = parse_base(page);
	for (const GumboNode *e = tree_next_element(document); e && !href; e = tree_next_element(e))
		if (e->v.element.tag == GUMBO_TAG_BASE)
			href = tree_attribute(e, "href");
	if (href && (base = url_resolve(s->base, href, strlen(href)))) {
		curl_url_cleanup(s->base);
		s->base = parse_base(base);
	}
	free(base);
	free(page);
}

static void
keep_url(void *url)
{
	(void)url;
}

void
find_media(const GumboNode *document, const char *url, size_t most, struct find *out)
{
	struct search s = {.out = out, .most = most};

	*out = (struct find){0};
	find_base(&s, document, url);
	for (const GumboNode *e = tree_next_element(document); e; e = tree_next_element(e)) {
		if (e->v.element.tag == GUMBO_TAG_META)
			look_at_meta(&s, e);
		else if (e->v.element.tag == GUMBO_TAG_LINK && has_word(tree_attribute(e, "rel"), "image_src"))
			add_text(&s, "image", "image_src", tree_attribute(e, "href"), NULL);
	}
	for (const GumboNode *e = tree_next_element(document); e && out->count < most; e = tree_next_element(e))
		look_at_body(&s, e);
	tdestroy(s.seen, keep_url);
	curl_url_cleanup(s.base);
}

void
find_free(struct find *f)
{
	for (size_t i = 0; i < f->count; i++) {
		free(f->media[i].url);
		free(f->media[i].title);
	}
	free(f->media);
}
