/* Sitemaps (sitemaps.org 0.9, with Google's extensions for images and videos) and feeds (RSS, Atom, JSON Feed 1.1), for
 * bi-fetch: confined/feed.h describes the result. */
#include <string.h>

#include "base/utf8.h"
#include "confined/feed.h"
#include "formats.h"
#include "records/rec.h"
#include "xml.h"

enum {
	TEXT_MAX = 65536, /* bytes of an element's text that are stored */
	LINE_MAX_TEXT = 2000,
};

/* The known elements. */
enum element { OTHER, INDEX, SET, URL, IMAGE, VIDEO, FEED, ENTRY, AUTHOR };

/* Texts of an entry, and of a picture or video in it. */
enum text { AT, TITLE, PAGE, LICENSE, MAKER, TEXTS };

struct reading {
	struct doc *d;
	struct buf elements; /* the open elements, a byte each */
	struct buf text;     /* of the last element that began */
	struct buf entry[TEXTS], part[TEXTS];
	struct buf parts;  /* lines of the entry that is open */
	size_t part_count; /* media among them */
	size_t entries;
	size_t sitemaps;  /* of an index */
	struct buf first; /* of them */
	char root[64];
	bool full;
};

void
feed_load(void)
{
}

/* --- what is made of it --- */

/* Appends one line. OTHERS: the entry has media beside its page. */
static void
add_entry(struct reading *r, struct buf *out, const char *from, const struct buf *texts, const char *page, bool others)
{
	struct json_object *o = json_object_new_object();
	static const char *const keys[TEXTS] = {"url", "title", NULL, "license_url", "author"};
	const char *line;

	rec_add_string(o, "from", from);
	for (size_t i = 0; i < TEXTS; i++) {
		char *text = keys[i] && texts[i].len
				     ? utf8_copy_line(texts[i].data, texts[i].len, i == AT ? TEXT_MAX : LINE_MAX_TEXT)
				     : NULL;

		if (text && *text)
			rec_add_string(o, keys[i], text);
		free(text);
	}
	if (page && *page) {
		char *text = utf8_copy_line(page, strlen(page), TEXT_MAX);

		rec_add_string(o, "page", text);
		free(text);
	}
	if (others)
		json_object_object_add(o, "others", json_object_new_boolean(1));
	line = rec_print(o);
	buf_str(out, line);
	buf_str(out, "\n");
	json_object_put(o);
	r->full = r->d->md.out.len + r->parts.len > FEED_TEXT;
}

static void
forget_texts(struct buf *texts)
{
	for (size_t i = 0; i < TEXTS; i++)
		buf_clear(&texts[i]);
}

/* An existing text stays. */
static void
keep_text(struct buf *text, const char *value, size_t n)
{
	if (text->len == 0 && value)
		buf_add(text, value, n);
}

/* Adds a medium of the entry, at URL. */
static void
add_medium(struct reading *r, const char *from, const char *url)
{
	if (!url)
		return;
	forget_texts(r->part);
	buf_str(&r->part[AT], url);
	add_entry(r, &r->parts, from, r->part, NULL, false);
	r->part_count++;
}

/* Adds the properties of the entry to the lines of its media, since they follow the media in the document. */
static void
end_entry(struct reading *r, const char *from)
{
	const char *page = r->entry[AT].len ? r->entry[AT].data : NULL;
	char *line = r->parts.len ? r->parts.data : NULL, *rest = line;

	if (page || !r->part_count)
		add_entry(r, &r->d->md.out, from, r->entry, NULL, r->part_count > 0);
	while (rest && *(line = strsep(&rest, "\n"))) {
		struct json_object *o = rec_parse(line, strlen(line), NULL, 0);
		struct buf texts[TEXTS] = {0};
		const char *text;

		for (size_t i = 0; i < TEXTS; i++) {
			static const char *const keys[TEXTS] = {"url", "title", "page", "license_url", "author"};

			text = rec_string(o, keys[i]);
			if (!text && i != AT && r->entry[i].len)
				text = r->entry[i].data;
			buf_str(&texts[i], text ? text : "");
		}
		add_entry(r, &r->d->md.out, rec_string(o, "from"), texts, page, false);
		for (size_t i = 0; i < TEXTS; i++)
			buf_free(&texts[i]);
		json_object_put(o);
	}
	forget_texts(r->entry);
	buf_clear(&r->parts);
	r->part_count = 0;
	r->entries++;
}

/* --- XML --- */

static enum element
open_element(const struct reading *r)
{
	return r->elements.len ? (enum element)r->elements.data[r->elements.len - 1] : OTHER;
}

static enum element
root_of(const char *name)
{
	static const struct {
		const char *name;
		enum element element;
	} roots[] = {{"urlset", SET}, {"sitemapindex", INDEX}, {"rss", FEED}, {"RDF", FEED}, {"feed", FEED}};

	for (size_t i = 0; i < sizeof(roots) / sizeof(*roots); i++)
		if (strcmp(name, roots[i].name) == 0)
			return roots[i].element;
	return OTHER;
}

/* The kind of an element within PARENT. */
static enum element
element_of(enum element parent, const char *name)
{
	if (parent == SET)
		return strcmp(name, "url") == 0 ? URL : OTHER;
	if (parent == INDEX)
		return strcmp(name, "sitemap") == 0 ? INDEX : OTHER;
	if (parent == URL)
		return strcmp(name, "image") == 0 ? IMAGE : strcmp(name, "video") == 0 ? VIDEO : OTHER;
	if (parent == FEED && (strcmp(name, "item") == 0 || strcmp(name, "entry") == 0))
		return ENTRY;
	if (parent == FEED && strcmp(name, "channel") == 0)
		return FEED;
	if (parent == ENTRY && strcmp(name, "group") == 0)
		return ENTRY;
	return parent == ENTRY && strcmp(name, "author") == 0 ? AUTHOR : OTHER;
}

/* Reads the properties of an entry that are in attributes. */
static void
take_attributes(struct reading *r, const char *name, const char **attributes)
{
	const char *href = xml_attribute(attributes, "href"), *rel = xml_attribute(attributes, "rel");

	if (strcmp(name, "enclosure") == 0) {
		add_medium(r, "enclosure", xml_attribute(attributes, "url"));
	} else if (strcmp(name, "content") == 0) {
		const char *url = xml_attribute(attributes, "url");

		add_medium(r, "media:content", url ? url : xml_attribute(attributes, "src"));
	} else if (strcmp(name, "link") == 0 && href) {
		if (rel && strcmp(rel, "enclosure") == 0)
			add_medium(r, "enclosure", href);
		else if (!rel || strcmp(rel, "alternate") == 0)
			keep_text(&r->entry[AT], href, strlen(href));
		else if (strcmp(rel, "license") == 0)
			keep_text(&r->entry[LICENSE], href, strlen(href));
	}
}

static void
on_begin(void *arg, const char *name, const char **attributes)
{
	struct reading *r = arg;
	enum element parent = open_element(r), element;
	char byte;

	if (r->elements.len == 0) {
		snprintf(r->root, sizeof(r->root), "%s", name);
		element = root_of(name);
	} else {
		element = element_of(parent, name);
	}
	if (parent == ENTRY)
		take_attributes(r, name, attributes);
	byte = (char)element;
	buf_add(&r->elements, &byte, 1);
	buf_clear(&r->text);
	if (element == IMAGE || element == VIDEO)
		forget_texts(r->part);
}

static void
on_text(void *arg, const char *text, size_t n)
{
	struct reading *r = arg;

	if (r->text.len + n <= TEXT_MAX)
		buf_add(&r->text, text, n);
}

/* The end of an element that is text only, within PARENT. */
static void
take_text(struct reading *r, enum element parent, const char *name)
{
	static const struct {
		enum element parent;
		const char *name;
		enum text text;
	} texts[] = {
		{URL, "loc", AT},          {IMAGE, "loc", AT},          {IMAGE, "title", TITLE},
		{IMAGE, "caption", TITLE}, {IMAGE, "license", LICENSE}, {VIDEO, "content_loc", AT},
		{VIDEO, "title", TITLE},   {ENTRY, "link", AT},         {ENTRY, "title", TITLE},
		{ENTRY, "creator", MAKER}, {ENTRY, "author", MAKER},    {AUTHOR, "name", MAKER},
	};
	struct buf *into = parent == IMAGE || parent == VIDEO ? r->part : r->entry;

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (texts[i].parent == parent && strcmp(texts[i].name, name) == 0)
			keep_text(&into[texts[i].text], r->text.data, r->text.len);
	if (parent == INDEX && strcmp(name, "loc") == 0) {
		r->sitemaps++;
		keep_text(&r->first, r->text.data, r->text.len);
	}
}

static void
on_end(void *arg, const char *name)
{
	struct reading *r = arg;
	enum element element = open_element(r), parent;

	r->elements.len--;
	parent = open_element(r);
	if (element == IMAGE || element == VIDEO) {
		add_entry(r, &r->parts, element == IMAGE ? "image:loc" : "video:content_loc", r->part, NULL, false);
		r->part_count++;
	} else if (element == URL) {
		end_entry(r, "loc");
	} else if (element == ENTRY && parent == FEED) {
		end_entry(r, "link");
	} else if (r->text.len) {
		take_text(r, parent, name);
	}
	buf_clear(&r->text);
}

/* --- JSON Feed --- */

static void
take_json_item(struct reading *r, struct json_object *item)
{
	struct json_object *list = json_object_object_get(item, "attachments");
	size_t n = json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
	const char *url = rec_string(item, "url"), *title = rec_string(item, "title");

	url = url ? url : rec_string(item, "external_url");
	keep_text(&r->entry[AT], url, url ? strlen(url) : 0);
	keep_text(&r->entry[TITLE], title, title ? strlen(title) : 0);
	for (size_t i = 0; i < n; i++)
		add_medium(r, "enclosure", rec_string(json_object_array_get_idx(list, i), "url"));
	end_entry(r, "link");
}

static bool
take_json(struct reading *r, const struct buf *bytes)
{
	struct json_object *o = rec_parse(bytes->data, bytes->len, NULL, 0), *items = NULL;
	const char *version = rec_string(o, "version");
	bool is_feed = version && strstr(version, "jsonfeed") && json_object_object_get_ex(o, "items", &items) &&
		       json_object_is_type(items, json_type_array);

	for (size_t i = 0; is_feed && !r->full && i < json_object_array_length(items); i++)
		take_json_item(r, json_object_array_get_idx(items, i));
	json_object_put(o);
	return is_feed || doc_fail(r->d, "damaged", "it begins with { but is not a JSON Feed");
}

/* --- all --- */

/* Reports why there is no result. True: there is one. */
static bool
check_xml(const struct reading *r, bool is_whole)
{
	enum element root = root_of(r->root);

	if (is_whole && root == INDEX)
		return doc_fail(r->d, "index",
				"it is an index of %zu sitemaps, which are not fetched; the first is %.60s",
				r->sitemaps, r->first.len ? r->first.data : "not named");
	if (r->root[0] && root == OTHER)
		return doc_fail(r->d, "damaged", "it is neither a sitemap nor a feed: its first element is <%.60s>",
				r->root);
	return (is_whole && r->root[0]) || doc_fail(r->d, "damaged", "it is not well-formed XML, or declares entities");
}

bool
feed_parse(const struct request *request, struct doc *d)
{
	struct reading r = {.d = d};
	const struct xml_reader reader = {
		.begin = on_begin, .end = on_end, .text = on_text, .arg = &r, .no_entities = true};
	struct buf bytes = {0};
	bool cut = false, well;

	buf_add(&d->md.out, "", 0);
	d->kind = "text";
	well = request_read(request, d, FEED_BYTES, &bytes, &cut);
	if (well && cut)
		well = doc_fail(d, "damaged", "it has more than %d MiB", FEED_BYTES >> 20);
	else if (well && bytes.len >= 2 && memcmp(bytes.data, "\x1f\x8b", 2) == 0)
		well = doc_fail(d, "damaged", "it is compressed: unpack it with gunzip(1)");
	else if (well && bytes.data[strspn(bytes.data, " \t\r\n")] == '{')
		well = take_json(&r, &bytes);
	else if (well)
		well = check_xml(&r, xml_read(&reader, bytes.data, bytes.len));
	if (well && r.full)
		well = doc_fail(d, "damaged", "its URLs and titles have more than %d MiB", FEED_TEXT >> 20);
	for (size_t i = 0; i < TEXTS; i++) {
		buf_free(&r.entry[i]);
		buf_free(&r.part[i]);
	}
	buf_free(&r.elements);
	buf_free(&r.text);
	buf_free(&r.parts);
	buf_free(&r.first);
	buf_free(&bytes);
	return well;
}
