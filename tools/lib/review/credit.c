#include "review/credit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "records/rec.h"
#include "review/licence_table.h"

const char credit_no_author[] = "its author is not known", credit_no_licence[] = "it has no licence";

enum { LICENCES_MAX = 16, SPLIT_MAX = 1000 };

/* --- what an item says --- */

/* The value of a field of Commons. It is an object if it has several languages; English comes first. */
static struct json_object *
one_language(struct json_object *value)
{
	struct json_object *v;

	if (!json_object_is_type(value, json_type_object))
		return value;
	if (json_object_object_get_ex(value, "en", &v) && json_object_is_type(v, json_type_string))
		return v;
	json_object_object_foreach(value, language, words)
	{
		if (language[0] != '_' && json_object_is_type(words, json_type_string))
			return words;
	}
	return NULL;
}

/* The member KEY of ITEM, or else the FIELD of Commons; NULL if it has neither. */
static struct json_object *
value_of(struct json_object *item, const char *key, const char *field)
{
	struct json_object *v = NULL, *all;

	if (json_object_object_get_ex(item, key, &v) && v &&
	    !(json_object_is_type(v, json_type_string) && json_object_get_string_len(v) == 0))
		return v;
	if (!field || !json_object_object_get_ex(item, "extmetadata", &all) ||
	    !json_object_is_type(all, json_type_object) || !json_object_object_get_ex(all, field, &v) ||
	    !json_object_is_type(v, json_type_object) || !json_object_object_get_ex(v, "value", &v))
		return NULL;
	return one_language(v);
}

/* A value as text; NULL if it is not text. */
static const char *
text_of(struct json_object *v)
{
	enum json_type t = json_object_get_type(v);

	return t == json_type_string || t == json_type_int || t == json_type_double ? json_object_get_string(v) : NULL;
}

/* True, false, or OTHERWISE if neither is given: Commons has strings for them. */
static bool
is_true(struct json_object *v, bool otherwise)
{
	const char *s = v && json_object_is_type(v, json_type_boolean) ? json_object_get_string(v) : text_of(v);

	if (!s || !*s)
		return otherwise;
	return strcasecmp(s, "false") != 0 && strcmp(s, "0") != 0 && strcasecmp(s, "no") != 0;
}

/* --- what the credit says --- */

static void
add_note(struct json_object *notes, const char *fmt, const char *what)
{
	struct buf text = {0};

	if (what) {
		buf_str(&text, fmt);
		credit_text(&text, what);
	}
	json_object_array_add(notes, json_object_new_string(what ? text.data : fmt));
	buf_free(&text);
}

/* Adds the text of VALUE, which is HTML or not. */
static void
add_text(struct json_object *to, const char *key, struct json_object *value, bool html)
{
	const char *s = text_of(value);
	struct buf text = {0};

	if (s && html)
		credit_text(&text, s);
	else if (s)
		credit_clean(&text, s);
	rec_add_filled(to, key, text.data);
	buf_free(&text);
}

/* Stores in OUT the URL in a form that is safe to link to: http or https, without characters that a URL cannot have. */
static bool
add_url(struct buf *out, const char *url)
{
	static const char keep[] =
		"!#$%&'()*+,-./0123456789:;=?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]_abcdefghijklmnopqrstuvwxyz~";

	buf_clear(out);
	url += strspn(url, " \t\r\n");
	if (url[0] == '/' && url[1] == '/')
		buf_str(out, "https:");
	else if (strncasecmp(url, "http://", 7) != 0 && strncasecmp(url, "https://", 8) != 0)
		return false;
	for (; *url && !strchr(" \t\r\n", *url); url++) {
		if (strchr(keep, *url))
			buf_add(out, url, 1);
		else
			buf_printf(out, "%%%02X", (unsigned char)*url);
	}
	return url[strspn(url, " \t\r\n")] == '\0';
}

static void
add_page(struct json_object *to, struct json_object *item, struct json_object *notes)
{
	const char *page = text_of(value_of(item, "page", NULL));
	struct buf url = {0};

	if (!page)
		page = text_of(value_of(item, "descriptionurl", NULL));
	if (page && add_url(&url, page))
		rec_add_filled(to, "page", url.data);
	else if (page)
		add_note(notes, "its page is no http URL: ", page);
	buf_free(&url);
}

/* --- licences --- */

static const struct term {
	const char *word;
	unsigned bit;
} terms[] = {
	{"use", LICENCE_USE},
	{"change", LICENCE_CHANGE},
	{"commerce", LICENCE_COMMERCE},
	{"attribution", LICENCE_ATTRIBUTION},
	{"share-alike", LICENCE_SHARE_ALIKE},
};

enum { TERMS = sizeof(terms) / sizeof(*terms) };

static struct json_object *
words_of(unsigned bits)
{
	struct json_object *words = json_object_new_array();

	for (size_t i = 0; i < TERMS; i++)
		if (bits & terms[i].bit)
			json_object_array_add(words, json_object_new_string(terms[i].word));
	return words;
}

static void
add_licence(struct json_object *all, const struct licence *l)
{
	struct json_object *o;

	for (size_t i = 0; i < json_object_array_length(all); i++)
		if (strcmp(rec_string(json_object_array_get_idx(all, i), "name"), l->name) == 0)
			return;
	if (json_object_array_length(all) >= LICENCES_MAX)
		return;
	o = json_object_new_object();
	rec_add_filled(o, "id", l->id);
	rec_add_filled(o, "name", l->name);
	rec_add_filled(o, "url", l->url);
	if (!(l->terms & LICENCE_UNKNOWN)) {
		json_object_object_add(o, "allows", words_of(l->terms & LICENCE_ANY_USE));
		json_object_object_add(o, "requires", words_of(l->terms & ~(unsigned)LICENCE_ANY_USE));
	}
	json_object_array_add(all, o);
}

struct licensing {
	struct json_object *all, *notes;
};

static void
add_known(struct licensing *g, const struct licence *v, int n)
{
	for (int i = 0; i < n; i++)
		add_licence(g->all, &v[i]);
}

/* A licence whose NAME is not known is listed under that name, with the URL if it is valid. */
static void
add_unknown(struct licensing *g, const char *name, const char *url)
{
	struct json_object *o = json_object_new_object();
	struct buf link = {0};

	rec_add_filled(o, "name", name);
	if (url && add_url(&link, url))
		rec_add_filled(o, "url", link.data);
	json_object_array_add(g->all, o);
	buf_free(&link);
}

static bool add_each(struct licensing *g, const char *text);

/* One part of a text that names several licences: one or more known licences, or a name. N is the result of
 * licence_parse(). */
static void
add_part(struct licensing *g, const char *text, const struct licence *v, int n)
{
	if (n > 0)
		add_known(g, v, n);
	else if (n == 0 && !add_each(g, text))
		add_unknown(g, text, NULL);
}

/* Adds several licences in one text: "CC BY-SA 3.0 or GFDL". Adds nothing and returns false if none of them is known.
 */
static bool
add_each(struct licensing *g, const char *text)
{
	static const char *const between[] = {"|", ";", " / ", " or ", " and ", ", ", "/"};
	struct licence v[LICENCES_MAX], u[LICENCES_MAX];
	bool added = false;

	if (strlen(text) > SPLIT_MAX)
		return false;
	for (size_t k = 0; k < sizeof(between) / sizeof(*between) && !added; k++) {
		const char *at = strstr(text, between[k]), *right;
		char *left;
		int n, m;

		if (!at)
			continue;
		left = buf_strdup(text);
		left[at - text] = '\0';
		right = at + strlen(between[k]);
		n = licence_parse(left, v, LICENCES_MAX);
		m = licence_parse(right, u, LICENCES_MAX);
		added = n > 0 || m > 0;
		if (added) {
			add_part(g, left, v, n);
			add_part(g, right, u, m);
		}
		free(left);
	}
	return added;
}

/* Whether the names have the same parts, but one lacks the version: "CC BY-SA" and "CC BY-SA 4.0". */
static bool
is_vaguer(const char *vague, const char *exact)
{
	size_t n = strlen(vague);

	return strncmp(vague, exact, n) == 0 && exact[n] == ' ';
}

/* Appends to OUT the first address of a licence in the HTML, up to the quote or bracket that ends it. */
static void
find_link(struct buf *out, const char *html)
{
	static const char *const hosts[] = {"creativecommons.org/", "rightsstatements.org/"};

	for (size_t i = 0; i < sizeof(hosts) / sizeof(*hosts) && out->len == 0; i++) {
		const char *at = strchr(html, '<') ? strcasestr(html, hosts[i]) : NULL;

		if (!at)
			continue;
		buf_str(out, "https://");
		buf_add(out, at, strcspn(at, "\"'<> \t\r\n"));
	}
}

/* One licence that the source names: by its NAME, its URL or both. */
static void
add_named(struct licensing *g, const char *name, const char *url)
{
	struct licence v[LICENCES_MAX], u[1];
	struct buf text = {0}, link = {0}, inside = {0};
	int n = 0, linked;

	if (name)
		credit_text(&text, name);
	if (name && !url)
		find_link(&inside, name);
	url = inside.len ? inside.data : url;
	linked = url ? licence_parse(url, u, 1) : 0;
	if (text.len)
		n = licence_parse(text.data, v, LICENCES_MAX);
	if (n == 1 && linked == 1 && is_vaguer(v[0].name, u[0].name))
		v[0] = u[0];
	else if (n == 1 && linked == 1 && strcmp(v[0].name, u[0].name) != 0 && strcmp(v[0].url, u[0].url) != 0)
		add_note(g->notes, "its licence has the URL of another: ", u[0].name);
	if (n == 1 && !v[0].url[0] && url && linked == 0 && add_url(&link, url))
		snprintf(v[0].url, sizeof(v[0].url), "%s", link.len < sizeof(v[0].url) ? link.data : "");
	if (n > 0)
		add_known(g, v, n);
	else if (n == 0 && text.len && add_each(g, text.data))
		;
	else if (linked == 1)
		add_known(g, u, 1);
	else if (n == 0 && text.len)
		add_unknown(g, text.data, url);
	if (url && linked <= 0 && !add_url(&link, url))
		add_note(g->notes, "the URL of its licence is no http URL: ", url);
	buf_free(&text);
	buf_free(&link);
	buf_free(&inside);
}

/* "license": a name, an object with name and url, or an array of these; "license_url" likewise. */
static void
add_licences(struct licensing *g, struct json_object *names, struct json_object *urls)
{
	bool many = json_object_is_type(names, json_type_array);
	size_t n = many ? json_object_array_length(names) : 1;

	for (size_t i = 0; i < n && i < LICENCES_MAX; i++) {
		struct json_object *one = many ? json_object_array_get_idx(names, i) : names, *url = urls;

		if (json_object_is_type(urls, json_type_array))
			url = json_object_array_get_idx(urls, i);
		else if (n > 1)
			url = NULL;
		if (json_object_is_type(one, json_type_object)) {
			struct json_object *own = value_of(one, "url", NULL);

			url = own ? own : url;
			one = value_of(one, "name", NULL);
		}
		if (text_of(one) || text_of(url))
			add_named(g, text_of(one), text_of(url));
	}
}

/* The licences of ITEM: by their names, or else by the other names that Commons has for them. */
static void
find_licences(struct licensing *g, struct json_object *item)
{
	struct json_object *urls = value_of(item, "license_url", "LicenseUrl");

	add_licences(g, value_of(item, "license", "LicenseShortName"), urls);
	if (json_object_array_length(g->all) == 0)
		add_licences(g, value_of(item, "license_id", "License"), NULL);
	if (json_object_array_length(g->all) == 0)
		add_licences(g, value_of(item, "usage_terms", "UsageTerms"), NULL);
	if (json_object_array_length(g->all) == 0 && !is_true(value_of(item, "copyrighted", "Copyrighted"), true))
		add_known(g, &(struct licence){.name = "Public domain", .terms = LICENCE_ANY_USE}, 1);
}

/* --- the rest --- */

/* "trademark|personality", or an array of such strings. */
static void
add_restrictions(struct json_object *to, struct json_object *value)
{
	struct json_object *out = json_object_new_array();
	size_t n = json_object_is_type(value, json_type_array) ? json_object_array_length(value) : 1;

	for (size_t i = 0; i < n; i++) {
		bool many = json_object_is_type(value, json_type_array);
		const char *s = text_of(many ? json_object_array_get_idx(value, i) : value);
		char *words = s ? buf_strdup(s) : NULL, *at = NULL;

		for (char *w = words ? strtok_r(words, "|", &at) : NULL; w; w = strtok_r(NULL, "|", &at)) {
			struct buf text = {0};

			credit_text(&text, w);
			if (text.len)
				json_object_array_add(out, json_object_new_string(text.data));
			buf_free(&text);
		}
		free(words);
	}
	if (json_object_array_length(out) > 0)
		json_object_object_add(to, "restrictions", out);
	else
		json_object_put(out);
}

static void
add_title(struct json_object *to, struct json_object *item)
{
	struct json_object *own = NULL;

	if (json_object_object_get_ex(item, "title", &own) && text_of(own) && *text_of(own))
		add_text(to, "title", own, false);
	else
		add_text(to, "title", value_of(item, "title", "ObjectName"), true);
}

/* Some sources write into the field of the author that the author is not known. */
static void
add_author(struct json_object *to, struct json_object *value)
{
	static const char *const nobody[] = {"unknown", "unknown author", "author unknown", "n/a", "-", "?"};
	const char *author;

	add_text(to, "author", value, true);
	author = rec_string(to, "author");
	for (size_t i = 0; author && i < sizeof(nobody) / sizeof(*nobody); i++)
		if (strcasecmp(author, nobody[i]) == 0) {
			json_object_object_del(to, "author");
			return;
		}
}

/* The terms of a licence of a credit; LICENCE_UNKNOWN if nothing is known of them. */
static unsigned
terms_of(struct json_object *licence)
{
	struct json_object *allows;
	unsigned bits = 0;

	if (!json_object_object_get_ex(licence, "allows", &allows) || !json_object_is_type(allows, json_type_array))
		return LICENCE_UNKNOWN;
	for (size_t i = 0; i < json_object_array_length(allows); i++)
		for (size_t k = 0; k < TERMS; k++)
			if (strcmp(json_object_get_string(json_object_array_get_idx(allows, i)), terms[k].word) == 0)
				bits |= terms[k].bit;
	return bits;
}

/* Whether all licences are known, and none of them allows the use. */
static bool
allows_nothing(struct json_object *all)
{
	size_t n = json_object_array_length(all);

	for (size_t i = 0; i < n; i++)
		if (terms_of(json_object_array_get_idx(all, i)) != 0)
			return false;
	return n > 0;
}

struct json_object *
credit_of(struct json_object *item)
{
	struct json_object *to = json_object_new_object(), *notes = json_object_new_array();
	struct licensing g = {.all = json_object_new_array(), .notes = notes};
	struct json_object *required = value_of(item, "attribution_required", "AttributionRequired");
	const char *count = text_of(value_of(item, "author_count", "AuthorCount"));

	add_title(to, item);
	add_author(to, value_of(item, "author", "Artist"));
	add_text(to, "attribution", value_of(item, "attribution", "Attribution"), true);
	add_text(to, "source", value_of(item, "credit", "Credit"), true);
	add_page(to, item, notes);
	find_licences(&g, item);
	json_object_object_add(to, "licenses", g.all);
	if (is_true(value_of(item, "non_free", "NonFree"), false) || allows_nothing(g.all))
		json_object_object_add(to, "non_free", json_object_new_boolean(true));
	if (required)
		json_object_object_add(to, "attribution_required", json_object_new_boolean(is_true(required, true)));
	add_restrictions(to, value_of(item, "restrictions", "Restrictions"));
	add_text(to, "deletion_reason", value_of(item, "deletion_reason", "DeletionReason"), true);
	if (json_object_array_length(g.all) == 0)
		add_note(notes, credit_no_licence, NULL);
	if (!rec_string(to, "author") && !rec_string(to, "attribution"))
		add_note(notes, credit_no_author, NULL);
	if (count && strtol(count, NULL, 10) > 1)
		add_note(notes, "its page names several authors, and only the first of them is here", NULL);
	if (json_object_array_length(notes) > 0)
		json_object_object_add(to, "notes", notes);
	else
		json_object_put(notes);
	return to;
}

/* --- the verdict --- */

unsigned
credit_allows(struct json_object *credit)
{
	struct json_object *all = NULL;
	unsigned best = 0, bits;
	bool unknown = false;

	if (is_true(value_of(credit, "non_free", NULL), false) || !json_object_object_get_ex(credit, "licenses", &all))
		return 0;
	for (size_t i = 0; i < json_object_array_length(all); i++) {
		bits = terms_of(json_object_array_get_idx(all, i));
		unknown = unknown || bits & LICENCE_UNKNOWN;
		if (!(bits & LICENCE_UNKNOWN) && bits > best) /* the bits are in the order of their weight */
			best = bits;
	}
	return best == 0 && unknown ? LICENCE_UNKNOWN : best;
}

const char *
credit_check(struct json_object *credit, unsigned wanted)
{
	struct json_object *all = NULL;
	unsigned bits = credit_allows(credit), lacks = wanted & ~bits;

	if (!json_object_object_get_ex(credit, "licenses", &all) || json_object_array_length(all) == 0)
		return is_true(value_of(credit, "non_free", NULL), false) ? "is not free to use" : "has no licence";
	for (size_t i = 0; bits && i < json_object_array_length(all); i++)
		if ((wanted & ~terms_of(json_object_array_get_idx(all, i))) == 0)
			return NULL;
	if (bits & LICENCE_UNKNOWN)
		return "has a licence that is not known";
	if (!(bits & LICENCE_USE))
		return "is not free to use";
	if ((lacks & LICENCE_COMMERCE) && (lacks & LICENCE_CHANGE))
		return "may not be changed or sold (NC, ND)";
	if (lacks & LICENCE_COMMERCE)
		return "may not be used commercially (NC)";
	return "may not be changed (ND)";
}
