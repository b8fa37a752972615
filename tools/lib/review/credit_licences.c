/* The licences that an item names. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "records/rec.h"
#include "review/credit_internal.h"
#include "review/licence_table.h"

enum { LICENCES_MAX = 16, SPLIT_MAX = 1000 };

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
	if (url && credit_add_url(&link, url))
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
		credit_add_note(g->notes, "its licence has the URL of another: ", u[0].name);
	if (n == 1 && !v[0].url[0] && url && linked == 0 && credit_add_url(&link, url))
		snprintf(v[0].url, sizeof(v[0].url), "%s", link.len < sizeof(v[0].url) ? link.data : "");
	if (n > 0)
		add_known(g, v, n);
	else if (n == 0 && text.len && add_each(g, text.data))
		;
	else if (linked == 1)
		add_known(g, u, 1);
	else if (n == 0 && text.len)
		add_unknown(g, text.data, url);
	if (url && linked <= 0 && !credit_add_url(&link, url))
		credit_add_note(g->notes, "the URL of its licence is not an http URL: ", url);
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
			struct json_object *own = credit_value(one, "url", NULL);

			url = own ? own : url;
			one = credit_value(one, "name", NULL);
		}
		if (credit_value_text(one) || credit_value_text(url))
			add_named(g, credit_value_text(one), credit_value_text(url));
	}
}

void
credit_find_licences(struct licensing *g, struct json_object *item)
{
	struct json_object *urls = credit_value(item, "license_url", "LicenseUrl");

	add_licences(g, credit_value(item, "license", "LicenseShortName"), urls);
	if (json_object_array_length(g->all) == 0)
		add_licences(g, credit_value(item, "license_id", "License"), NULL);
	if (json_object_array_length(g->all) == 0)
		add_licences(g, credit_value(item, "usage_terms", "UsageTerms"), NULL);
	if (json_object_array_length(g->all) == 0 &&
	    !credit_is_true(credit_value(item, "copyrighted", "Copyrighted"), true))
		add_known(g, &(struct licence){.name = "Public domain", .terms = LICENCE_ANY_USE}, 1);
}

unsigned
credit_terms(struct json_object *licence)
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
