#include "web/html.h"

#include <ctype.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "html/find.h"
#include "html/url.h"
#include "records/rec.h"
#include "web/dom.h"
#include "web/html_markdown.h"
#include "web/html_notes.h"
#include "web/main_content.h"
#include "web/page_end.h"
#include "web/page_metadata.h"

/* The void elements of HTML. */
static bool
is_void(const char *name, size_t n)
{
	static const char list[] = " area base br col embed hr img input link meta param source track wbr ";
	char word[12];

	if (n + 3 > sizeof(word))
		return false;
	word[0] = word[n + 1] = ' ';
	word[n + 2] = '\0';
	for (size_t i = 0; i < n; i++)
		word[i + 1] = (char)tolower((unsigned char)name[i]);
	return strstr(list, word) != NULL;
}

/* The end of the tag at AT, after the '>' outside of quoted values; END if there is none. */
static const char *
tag_end(const char *at, const char *end)
{
	char quote = 0;

	for (; at < end; at++) {
		if (quote)
			quote = *at == quote ? 0 : quote;
		else if (*at == '"' || *at == '\'')
			quote = *at;
		else if (*at == '>')
			return at + 1;
	}
	return end;
}

/* The prefix with a colon that the text gives to the elements of MathML, as in <m:math xmlns:m="…">; "" if it has none.
 */
static void
find_math_prefix(const char *text, size_t n, char prefix[16])
{
	static const char space[] = "http://www.w3.org/1998/Math/MathML";
	const char *at = memmem(text, n, space, sizeof(space) - 1), *begin = at;

	prefix[0] = '\0';
	while (begin && begin > text && at - begin < 16 && begin[-1] != ':' && !isspace((unsigned char)begin[-1]))
		begin--;
	if (!begin || begin - text < 6 || memcmp(begin - 6, "xmlns:", 6) != 0)
		return;
	at = memchr(begin, '=', (size_t)(at - begin));
	if (at && at - begin < 14)
		snprintf(prefix, 16, "%.*s:", (int)(at - begin), begin);
}

void
html_of_xhtml(const char *text, size_t n, struct buf *out)
{
	const char *end = text + n;
	char math[16];

	find_math_prefix(text, n, math);
	buf_clear(out);
	while (text < end) {
		const char *tag = memchr(text, '<', (size_t)(end - text)), *behind, *first;
		size_t name = 0;

		if (!tag)
			break;
		buf_add(out, text, (size_t)(tag - text));
		first = tag + 1 + (tag + 1 < end && tag[1] == '/');
		behind = isalpha((unsigned char)(tag + 1 < end ? tag[1] : 0)) ? tag_end(tag, end) : tag + 1;
		if (math[0] && (size_t)(end - first) > strlen(math) && strncmp(first, math, strlen(math)) == 0) {
			buf_add(out, tag, (size_t)(first - tag));
			first += strlen(math);
			behind = behind > first ? behind : first;
		} else {
			buf_str(out, "<");
			first = tag + 1;
		}
		while (first + name < behind && isalnum((unsigned char)first[name]))
			name++;
		if (name > 0 && behind - first > 1 && behind[-1] == '>' && behind[-2] == '/' && !is_void(first, name)) {
			buf_add(out, first, (size_t)(behind - first) - 2);
			buf_str(out, "></");
			buf_add(out, first, name);
			buf_str(out, ">");
		} else {
			buf_add(out, first, (size_t)(behind - first));
		}
		text = behind;
	}
	buf_add(out, text, (size_t)(end - text));
}

/* Splits a URL. NULL: it is not a URL. */
static CURLU *
take_apart(const char *url)
{
	CURLU *u = url && *url ? curl_url() : NULL;

	if (!u || curl_url_set(u, CURLUPART_URL, url, CURLU_URLENCODE) == CURLUE_OK)
		return u;
	curl_url_cleanup(u);
	return NULL;
}

/* The base of relative addresses: the first <base>, resolved against the page's URL. NULL: not known. */
static CURLU *
base_of(const struct dom *d, const char *page)
{
	CURLU *base = take_apart(page);
	char *url = NULL;

	for (uint32_t i = 0; i < d->count && !url; i++) {
		const char *href = dom_tag(d, i) == GUMBO_TAG_BASE ? dom_attribute(d, i, "href") : NULL;

		url = href ? url_resolve(base, href, strlen(href)) : NULL;
	}
	if (!url)
		return base;
	curl_url_cleanup(base);
	base = take_apart(url);
	free(url);
	return base;
}

static void
add_media(struct doc *d, const GumboNode *document, const char *url)
{
	struct find found = {0};

	find_media(document, url, DOC_MEDIA, &found);
	for (size_t i = 0; i < found.count; i++) {
		struct json_object *one = json_object_new_object();

		rec_add_string(one, "url", found.media[i].url);
		rec_add_string(one, "kind", found.media[i].kind);
		rec_add_string(one, "from", found.media[i].from);
		if (*found.media[i].title)
			rec_add_string(one, "title", found.media[i].title);
		json_object_array_add(d->media, one);
	}
	find_free(&found);
}

/* Each line of a plain text as a paragraph. */
static void
add_lines(struct md *m, const char *text)
{
	for (size_t n; *text; text += n + (text[n] == '\n')) {
		n = strcspn(text, "\n");
		md_block(m);
		md_text(m, text, n);
	}
	md_block(m);
}

/* Adds the main text of the page, or the text that the page has in its data if that is more than twice as long: then a
 * script would show it. */
static void
add_main(const struct html_markdown *s, struct dom *d, const char *url, const struct buf *body)
{
	uint32_t picked = main_content_find(d, url, s->doc->title, s->doc->author);
	uint32_t heading = main_content_heading(d, picked, s->doc->title);

	if (heading)
		html_markdown_add(s, heading);
	if (body->len > 0 && d->nodes[picked].text * 2 < dom_length(body->data))
		add_lines(&s->doc->md, body->data);
	else
		html_markdown_add(s, picked);
}

void
html_page(struct tree *t, const char *text, size_t n, const char *url, bool xhtml, struct doc *d)
{
	html_page_with(t, text, n, url, xhtml, &(struct html_pictures){0}, d);
}

void
html_page_with(struct tree *t, const char *text, size_t n, const char *url, bool xhtml,
	       const struct html_pictures *pictures, struct doc *d)
{
	const GumboNode *document;
	struct buf html = {0};
	struct dom dom;
	struct html_markdown s = {
		.dom = &dom, .doc = d, .picture = pictures->picture, .arg = pictures->arg, .elsewhere = true};
	struct buf body = {0};
	bool cut;

	if (xhtml) {
		html_of_xhtml(text, n, &html);
		text = html.data;
		n = html.len;
	}
	document = n ? tree_parse(t, text, n, &cut) : NULL;
	d->kind = "page";
	if (document) {
		d->truncated = d->truncated || cut || page_is_cut(document);
		dom_make(&dom, document);
		s.base = base_of(&dom, url);
		dom_reveal(&dom);
		page_metadata_read(&dom, s.base, d, &body);
		s.base = s.base ? s.base : take_apart(d->canonical);
		add_main(&s, &dom, *url || !d->canonical ? url : d->canonical, &body);
		add_media(d, document, *url || !d->canonical ? url : d->canonical);
		curl_url_cleanup(s.base);
		dom_free(&dom);
	}
	tree_drop(t);
	buf_free(&html);
	buf_free(&body);
}

/* All that is in the body of a page, unless it is hidden. */
static void
add_all(struct tree *t, const char *text, size_t n, struct html_markdown *s)
{
	bool cut = false;
	const GumboNode *document = n ? tree_parse(t, text, n, &cut) : NULL;
	struct dom dom;

	if (document) {
		s->doc->truncated = s->doc->truncated || cut;
		dom_make(&dom, document);
		if (s->note)
			html_notes_show(&dom);
		s->dom = &dom;
		html_markdown_add(s, 0);
		s->dom = NULL;
		dom_free(&dom);
	}
	tree_drop(t);
}

void
html_mail(struct tree *t, const char *text, size_t n, const struct html_pictures *pictures, struct doc *d)
{
	struct html_markdown s = {.doc = d, .picture = pictures->picture, .arg = pictures->arg, .elsewhere = true};

	add_all(t, text, n, &s);
}

void
html_chapter(struct tree *t, const char *text, size_t n, const struct html_book *book, struct doc *d)
{
	struct html_markdown s = {.doc = d, .picture = book->picture, .note = book->note, .arg = book->arg};
	struct buf html = {0};

	html_of_xhtml(text, n, &html);
	add_all(t, html.data, html.len, &s);
	buf_free(&html);
}
