#include "review/credit.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "records/rec.h"
#include "review/credit_internal.h"
#include "review/licence_table.h"

const char credit_no_author[] = "its author is not known", credit_no_licence[] = "it has no licence";

/* Adds the text of VALUE, which is HTML or not. */
static void
add_text(struct json_object *to, const char *key, struct json_object *value, bool html)
{
	const char *s = credit_value_text(value);
	struct buf text = {0};

	if (s && html)
		credit_text(&text, s);
	else if (s)
		credit_clean(&text, s);
	rec_add_filled(to, key, text.data);
	buf_free(&text);
}

static void
add_page(struct json_object *to, struct json_object *item, struct json_object *notes)
{
	const char *page = credit_value_text(credit_value(item, "page", NULL));
	struct buf url = {0};

	if (!page)
		page = credit_value_text(credit_value(item, "descriptionurl", NULL));
	if (page && credit_add_url(&url, page))
		rec_add_filled(to, "page", url.data);
	else if (page)
		credit_add_note(notes, "its page is not an http URL: ", page);
	buf_free(&url);
}

/* "trademark|personality", or an array of such strings. */
static void
add_restrictions(struct json_object *to, struct json_object *value)
{
	struct json_object *out = json_object_new_array();
	size_t n = json_object_is_type(value, json_type_array) ? json_object_array_length(value) : 1;

	for (size_t i = 0; i < n; i++) {
		bool many = json_object_is_type(value, json_type_array);
		const char *s = credit_value_text(many ? json_object_array_get_idx(value, i) : value);
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

	if (json_object_object_get_ex(item, "title", &own) && credit_value_text(own) && *credit_value_text(own))
		add_text(to, "title", own, false);
	else
		add_text(to, "title", credit_value(item, "title", "ObjectName"), true);
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

/* Whether all licences are known, and none of them allows the use. */
static bool
allows_nothing(struct json_object *all)
{
	size_t n = json_object_array_length(all);

	for (size_t i = 0; i < n; i++)
		if (credit_terms(json_object_array_get_idx(all, i)) != 0)
			return false;
	return n > 0;
}

struct json_object *
credit_of(struct json_object *item)
{
	struct json_object *to = json_object_new_object(), *notes = json_object_new_array();
	struct licensing g = {.all = json_object_new_array(), .notes = notes};
	struct json_object *required = credit_value(item, "attribution_required", "AttributionRequired");
	const char *count = credit_value_text(credit_value(item, "author_count", "AuthorCount"));

	add_title(to, item);
	add_author(to, credit_value(item, "author", "Artist"));
	add_text(to, "attribution", credit_value(item, "attribution", "Attribution"), true);
	add_text(to, "source", credit_value(item, "credit", "Credit"), true);
	add_page(to, item, notes);
	credit_find_licences(&g, item);
	json_object_object_add(to, "licenses", g.all);
	if (credit_is_true(credit_value(item, "non_free", "NonFree"), false) || allows_nothing(g.all))
		json_object_object_add(to, "non_free", json_object_new_boolean(true));
	if (required)
		json_object_object_add(to, "attribution_required",
				       json_object_new_boolean(credit_is_true(required, true)));
	add_restrictions(to, credit_value(item, "restrictions", "Restrictions"));
	add_text(to, "deletion_reason", credit_value(item, "deletion_reason", "DeletionReason"), true);
	if (json_object_array_length(g.all) == 0)
		credit_add_note(notes, credit_no_licence, NULL);
	if (!rec_string(to, "author") && !rec_string(to, "attribution"))
		credit_add_note(notes, credit_no_author, NULL);
	if (count && strtol(count, NULL, 10) > 1)
		credit_add_note(notes, "its page names several authors, and only the first of them is here", NULL);
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

	if (credit_is_true(credit_value(credit, "non_free", NULL), false) ||
	    !json_object_object_get_ex(credit, "licenses", &all))
		return 0;
	for (size_t i = 0; i < json_object_array_length(all); i++) {
		bits = credit_terms(json_object_array_get_idx(all, i));
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
		return credit_is_true(credit_value(credit, "non_free", NULL), false) ? "is not free to use"
										     : "has no licence";
	for (size_t i = 0; bits && i < json_object_array_length(all); i++)
		if ((wanted & ~credit_terms(json_object_array_get_idx(all, i))) == 0)
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
