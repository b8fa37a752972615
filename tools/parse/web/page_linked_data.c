#include "web/page_linked_data.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/words.h"
#include "doc.h"
#include "html/tree.h"
#include "records/rec.h"

enum { DEPTH = 32, LD_NODES = 2000, LD_BYTES = 1 << 20, DATA_NODES = 100000, SHOWN = 100 };

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

/* The address of the first picture: a string, an object with one, or the first of a list of these. */
static void
take_image(struct page_statements *s, struct json_object *o)
{
	struct json_object *v = NULL;

	if (s->image || !json_object_object_get_ex(o, "image", &v))
		return;
	if (json_object_is_type(v, json_type_array))
		v = json_object_array_get_idx(v, 0);
	if (json_object_is_type(v, json_type_object)) {
		const char *url = rec_string(v, "url");

		doc_set_string(&s->image, url ? url : rec_string(v, "contentUrl"));
	} else if (json_object_is_type(v, json_type_string)) {
		doc_set_string(&s->image, json_object_get_string(v));
	}
}

/* The longest text of an article. */
static void
take_body(struct page_statements *s, struct json_object *o)
{
	const char *text = rec_string(o, "articleBody");

	if (text && strlen(text) > s->body->len) {
		buf_clear(s->body);
		buf_str(s->body, text);
	}
}

static void
take_thing(struct page_statements *s, struct json_object *o)
{
	if (is_aside(o))
		return;
	take_body(s, o);
	take_names(&s->title, o, "headline");
	if (!rec_string(o, "headline") && rec_string(o, "@type"))
		take_names(&s->title, o, "name");
	take_names(&s->site, o, "publisher");
	take_image(s, o);
	take_names(&s->description, o, "description");
	take_names(&s->author, o, "author");
	take_names(&s->author, o, "creator");
	take_names(&s->date, o, "datePublished");
	take_names(&s->date, o, "dateCreated");
	take_names(&s->modified, o, "dateModified");
	take_names(&s->language, o, "inLanguage");
}

static void
take_ld(struct page_statements *s, struct json_object *o, int depth, int *left)
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

/* --- the data of a script that would write the page --- */

/* Appends the text of a piece of HTML, each block as a line. */
static void
add_text_of(const char *html, size_t n, struct buf *out)
{
	static struct tree *t; /* beside that of the page, and kept like it */
	struct dom d;
	const GumboNode *document;
	bool cut;

	t = t ? t : tree_new();
	document = tree_parse(t, html, n, &cut);
	if (document) {
		dom_make(&d, document);
		for (uint32_t i = 1; i < d.count; i++) {
			if (dom_is_block(&d, i) && out->len > 0 && out->data[out->len - 1] != '\n')
				buf_str(out, "\n");
			if (dom_text(&d, i) && !d.nodes[i].hidden)
				buf_str(out, dom_text(&d, i));
		}
		dom_free(&d);
	}
	tree_drop(t);
}

/* The longest string below O that is paragraphs of HTML. */
static void
find_html(struct json_object *o, struct json_object **longest, int depth, int *left)
{
	if (depth > DEPTH || --*left < 0)
		return;
	if (json_object_is_type(o, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(o); i++)
			find_html(json_object_array_get_idx(o, i), longest, depth + 1, left);
	} else if (json_object_is_type(o, json_type_object)) {
		json_object_object_foreach(o, key, value)
		{
			(void)key;
			find_html(value, longest, depth + 1, left);
		}
	} else if (json_object_is_type(o, json_type_string) && strstr(json_object_get_string(o), "<p") &&
		   (!*longest || json_object_get_string_len(o) > json_object_get_string_len(*longest))) {
		*longest = o;
	}
}

/* If the page shows hardly anything: the text that is in its data, for a script to show. */
static void
take_data(struct page_statements *s, struct json_object *o)
{
	struct json_object *longest = NULL;
	int left = DATA_NODES;

	find_html(o, &longest, 0, &left);
	if (longest && (size_t)json_object_get_string_len(longest) > s->body->len) {
		buf_clear(s->body);
		add_text_of(json_object_get_string(longest), (size_t)json_object_get_string_len(longest), s->body);
	}
}

void
page_linked_data_read(struct page_statements *s, const struct dom *d, uint32_t i)
{
	const char *type = dom_attribute(d, i, "type");
	struct json_tokener *t;
	struct json_object *o;
	int left = LD_NODES;
	const char *text = i + 1 < d->nodes[i].end ? dom_text(d, i + 1) : NULL;
	size_t n = text ? strlen(text) : 0;

	bool data = type && strcasecmp(type, "application/json") == 0 && d->nodes[0].mass < SHOWN;

	if (!type || (!data && strcasecmp(type, "application/ld+json") != 0) || n == 0 || n > LD_BYTES)
		return;
	t = json_tokener_new_ex(DEPTH);
	if (!t)
		return;
	o = json_tokener_parse_ex(t, text, (int)n + 1);
	if (data)
		take_data(s, o);
	else
		take_ld(s, o, 0, &left);
	json_object_put(o);
	json_tokener_free(t);
}
