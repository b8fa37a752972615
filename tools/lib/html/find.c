#include "html/find.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "html/css.h"
#include "html/found.h"
#include "html/linked_data.h"
#include "html/meta.h"
#include "html/srcset.h"
#include "html/tree.h"
#include "html/url.h"

/* The best candidate so far for one picture. */
struct best {
	char *url; /* NULL: none */
	const char *from;
	bool width;
	double size;
	int rank; /* decides between candidates of equal size */
};

/* Attributes in which pages keep the real address until the reader scrolls to the picture; the first one counts. */
static const char *const lazy_sources[] = {"data-src", "data-original", "data-lazy-src", NULL};
static const char *const lazy_srcsets[] = {"data-srcset", "data-lazy-srcset", NULL};

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

/* Replaces the best candidate by this one if this one is better and a URL. */
static void
consider_candidate(struct found *s, struct best *b, const struct best *new, const char *text, size_t n)
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
consider_set(struct found *s, struct best *b, const char *srcset, const char *from, int rank)
{
	struct srcset set = {.at = srcset ? srcset : ""};

	while (srcset_next(&set))
		consider_candidate(s, b,
				   &(struct best){.from = from, .width = set.width, .size = set.size, .rank = rank},
				   set.url, set.len);
}

static void
consider_one(struct found *s, struct best *b, const char *src, const char *from, int rank)
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

/* Of candidates of equal size, the one that the page loads later is the real one, and the img of a picture has the most
 * common format. FROM says where its src is. */
static void
consider_img(struct found *s, struct best *b, const GumboNode *e, const char *from)
{
	consider_set(s, b, first_attribute(e, lazy_srcsets), "data-srcset", 6);
	consider_one(s, b, first_attribute(e, lazy_sources), "data-src", 5);
	consider_set(s, b, tree_attribute(e, "srcset"), "srcset", 2);
	consider_one(s, b, tree_attribute(e, "src"), from, 3);
}

static const char *
title_of(const GumboNode *e)
{
	const char *alt = tree_attribute(e, "alt");

	return alt && *alt ? alt : tree_attribute(e, "title");
}

/* The sources of a picture up to its img, and the img. */
static void
look_at_picture(struct found *s, const GumboNode *e)
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
		consider_img(s, &b, img, "img");
	s->shown = img;
	found_add_url(s, "image", b.from, b.url, img ? title_of(img) : NULL);
}

/* Whether E is shown by the last picture, or is a placeholder or fallback inside an amp-img, also in a noscript. */
static bool
is_shown(const struct found *s, const GumboNode *e)
{
	return s->shown && (e == s->shown || e->parent == s->shown || (e->parent && e->parent->parent == s->shown));
}

static void
look_at_img(struct found *s, const GumboNode *e)
{
	struct best b = {0};

	if (is_shown(s, e))
		return;
	consider_img(s, &b, e, "img");
	found_add_url(s, "image", b.from, b.url, title_of(e));
}

static void
look_at_amp_img(struct found *s, const GumboNode *e)
{
	struct best b = {0};

	if (is_shown(s, e))
		return;
	consider_img(s, &b, e, "amp-img");
	if (b.url)
		s->shown = e;
	found_add_url(s, "image", b.from, b.url, title_of(e));
}

/* A file of the media type TYPE (NULL: not given). KIND is NULL if only the type and the extension determine it. */
static void
look_at_file(struct found *s, const char *kind, const char *from, const char *src, const char *type, const char *title)
{
	char *url = src ? url_resolve(s->base, src, strlen(src)) : NULL;

	if (!url)
		return;
	if (!kind)
		kind = url_kind_of_type(type);
	if (!kind)
		kind = url_kind(url);
	if (url_is_stream(url) || url_is_stream_type(type))
		found_note_stream(s, url);
	else if (kind)
		found_add_url(s, kind, from, url, title);
	else
		free(url);
}

/* A video, an audio, or a source in one. */
static void
look_at_player(struct found *s, const GumboNode *e, const char *kind, const char *from)
{
	const char *src = tree_attribute(e, "src");

	look_at_file(s, kind, from, src ? src : first_attribute(e, lazy_sources), tree_attribute(e, "type"),
		     tree_attribute(e, "title"));
	if (strcmp(kind, "video") == 0 && strcmp(from, "source") != 0)
		found_add_text(s, "image", "poster", tree_attribute(e, "poster"), tree_attribute(e, "title"));
}

/* The name that the page gives an element which Gumbo 0.10 has no number for. */
static bool
has_name(const GumboNode *e, const char *word)
{
	GumboStringPiece name = e->v.element.original_tag;

	gumbo_tag_from_original_text(&name);
	return name.data && name.length == strlen(word) && strncasecmp(name.data, word, name.length) == 0;
}

static bool
is_element(const GumboNode *e, GumboTag tag, const char *amp)
{
	return e && e->type == GUMBO_NODE_ELEMENT &&
	       (e->v.element.tag == tag || (e->v.element.tag == GUMBO_TAG_UNKNOWN && has_name(e, amp)));
}

static void
look_at_source(struct found *s, const GumboNode *e)
{
	if (is_element(e->parent, GUMBO_TAG_VIDEO, "amp-video"))
		look_at_player(s, e, "video", "source");
	else if (is_element(e->parent, GUMBO_TAG_AUDIO, "amp-audio"))
		look_at_player(s, e, "audio", "source");
}

static void
look_at_link(struct found *s, const GumboNode *e)
{
	look_at_file(s, NULL, "link", tree_attribute(e, "href"), NULL, tree_attribute(e, "title"));
}

static void
look_at_input(struct found *s, const GumboNode *e)
{
	const char *type = tree_attribute(e, "type");

	if (type && strcasecmp(type, "image") == 0)
		found_add_text(s, "image", "input", tree_attribute(e, "src"), title_of(e));
}

/* An SVG image: its href, or the older xlink:href, which Gumbo calls href too. */
static void
look_at_svg_image(struct found *s, const GumboNode *e)
{
	const GumboVector *attributes = &e->v.element.attributes;
	const char *href = NULL, *older = NULL;

	for (unsigned i = 0; i < attributes->length; i++) {
		const GumboAttribute *a = attributes->data[i];

		if (strcmp(a->name, "href") == 0)
			*(a->attr_namespace == GUMBO_ATTR_NAMESPACE_XLINK ? &older : &href) = a->value;
	}
	found_add_text(s, "image", "svg", href ? href : older, NULL);
}

/* In an image-set(), the candidate with the highest density counts; of several sets, the last, which is for browsers
 * that do not know the others. */
static void
look_at_css(struct found *s, const char *text, size_t n, bool attribute, const char *title)
{
	struct best b = {0};
	unsigned set = 0;
	struct css css;
	int rank = 0;

	css_open(&css, text, n, attribute);
	while (s->out->count < s->most && css_next(&css)) {
		if (!css.set || css.set != set) {
			found_add_url(s, "image", "css", b.url, title);
			b = (struct best){0};
		}
		set = css.set;
		consider_candidate(s, &b, &(struct best){.from = "css", .size = css.size, .rank = ++rank}, css.url.data,
				   css.url.len);
	}
	found_add_url(s, "image", "css", b.url, title);
	css_close(&css);
}

/* The text in a script or style element, which the caller frees with buf_free(). */
static void
text_of(const GumboNode *e, struct buf *out)
{
	const GumboVector *children = &e->v.element.children;

	for (unsigned i = 0; i < children->length; i++) {
		const GumboNode *child = children->data[i];

		if (child->type == GUMBO_NODE_TEXT || child->type == GUMBO_NODE_WHITESPACE ||
		    child->type == GUMBO_NODE_CDATA)
			buf_str(out, child->v.text.text);
	}
}

/* Whether TYPE is the media type MIME, perhaps with parameters. */
static bool
is_type(const char *type, const char *mime)
{
	size_t n = strlen(mime);

	return strncasecmp(type, mime, n) == 0 && strchr(" \t\n\f\r;", type[n]);
}

static void
look_at_style(struct found *s, const GumboNode *e)
{
	const char *type = tree_attribute(e, "type");
	struct buf text = {0};

	if (type && *type && !is_type(type, "text/css"))
		return;
	text_of(e, &text);
	if (text.len)
		look_at_css(s, text.data, text.len, false, NULL);
	buf_free(&text);
}

static void
add_linked(void *arg, const char *kind, const char *text, size_t n, const char *title)
{
	struct found *s = arg;
	char *url = url_resolve(s->base, text, n);

	if (url && !kind)
		kind = url_kind(url);
	if (url && (kind || url_is_stream(url)))
		found_add_url(s, kind, "json-ld", url, title);
	else
		free(url);
}

static void
look_at_linked_data(struct found *s, const GumboNode *e)
{
	const char *type = tree_attribute(e, "type");
	struct buf text = {0};

	if (!type || !is_type(type, "application/ld+json"))
		return;
	text_of(e, &text);
	if (text.len)
		linked_data_find(text.data, text.len, add_linked, s);
	buf_free(&text);
}

static void
look_at_unknown(struct found *s, const GumboNode *e)
{
	if (has_name(e, "picture"))
		look_at_picture(s, e);
	else if (has_name(e, "amp-img") || has_name(e, "amp-anim"))
		look_at_amp_img(s, e);
	else if (has_name(e, "amp-video"))
		look_at_player(s, e, "video", "amp-video");
	else if (has_name(e, "amp-audio"))
		look_at_player(s, e, "audio", "amp-audio");
}

static void
look_at_body(struct found *s, const GumboNode *e)
{
	const char *style = tree_attribute(e, "style");

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
	case GUMBO_TAG_OBJECT:
		look_at_file(s, NULL, "object", tree_attribute(e, "data"), tree_attribute(e, "type"), title_of(e));
		break;
	case GUMBO_TAG_EMBED:
		look_at_file(s, NULL, "embed", tree_attribute(e, "src"), tree_attribute(e, "type"), title_of(e));
		break;
	case GUMBO_TAG_INPUT:
		look_at_input(s, e);
		break;
	case GUMBO_TAG_IMAGE:
		look_at_svg_image(s, e);
		break;
	case GUMBO_TAG_STYLE:
		look_at_style(s, e);
		break;
	case GUMBO_TAG_UNKNOWN:
		look_at_unknown(s, e);
		break;
	default:
		break;
	}
	if (style)
		look_at_css(s, style, strlen(style), true, title_of(e));
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

/* The first <base href> counts, if other URLs can be relative to it. */
static void
find_base(struct found *s, const GumboNode *document, const char *page_url)
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

void
find_media(const GumboNode *document, const char *url, size_t most, struct find *out)
{
	struct found s = {.out = out, .most = most, .page = url};

	*out = (struct find){0};
	find_base(&s, document, url);
	for (const GumboNode *e = tree_next_element(document); e; e = tree_next_element(e)) {
		if (e->v.element.tag == GUMBO_TAG_META)
			meta_look(&s, e);
		else if (e->v.element.tag == GUMBO_TAG_LINK && has_word(tree_attribute(e, "rel"), "image_src"))
			found_add_text(&s, "image", "image_src", tree_attribute(e, "href"), NULL);
	}
	for (const GumboNode *e = tree_next_element(document); e && out->count < most; e = tree_next_element(e))
		if (e->v.element.tag == GUMBO_TAG_SCRIPT)
			look_at_linked_data(&s, e);
	for (const GumboNode *e = tree_next_element(document); e && out->count < most; e = tree_next_element(e))
		look_at_body(&s, e);
	found_end(&s);
}

void
find_free(struct find *f)
{
	for (size_t i = 0; i < f->count; i++) {
		free(f->media[i].url);
		free(f->media[i].title);
	}
	free(f->media);
	free(f->stream);
	free(f->refresh);
}
