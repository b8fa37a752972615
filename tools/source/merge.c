#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/utf8.h"
#include "base/words.h"
#include "records/rec.h"
#include "review/credit.h"
#include "source.h"

enum { TEXT_MAX = 64 << 10 }; /* bytes of a text of a source's */

/* The key that is equal for equal candidates: the digest of the original, or else the URL. */
static const char *
identity(struct json_object *o)
{
	static const char *const keys[] = {"original_sha1", "sha1", "original_url", "url"};
	const char *s = NULL;

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys) && !(s && *s); i++)
		s = rec_string(o, keys[i]);
	return s;
}

static double
score_of(struct json_object *o)
{
	struct json_object *v;
	double score;

	if (!json_object_object_get_ex(o, "score", &v))
		return 0;
	score = json_object_get_double(v);
	return isfinite(score) ? score : 0;
}

static struct candidate *
find(struct candidates *c, struct json_object *o)
{
	const char *s = identity(o), *url = rec_string(o, "url");

	for (size_t i = 0; i < c->n; i++)
		if (strcasecmp(identity(c->v[i].json), s) == 0 || strcmp(rec_string(c->v[i].json, "url"), url) == 0)
			return &c->v[i];
	return NULL;
}

void
candidates_add(struct candidates *c, struct json_object *candidate, const char *by)
{
	const char *url = rec_string(candidate, "url");
	struct candidate *same;
	double score;

	/* bi-fetch decides whether it is a valid URL; a text that is clearly not a URL is not a candidate. */
	if (!url || !*url) {
		c->passed_over++;
		return;
	}
	score = score_of(candidate);
	same = find(c, candidate);
	if (!same) {
		c->v = buf_grow(c->v, c->n, sizeof(*c->v));
		same = &c->v[c->n];
		*same = (struct candidate){
			.json = json_object_get(candidate),
			.found_by = json_object_new_array(),
			.score = score,
			.order = c->n++,
		};
	} else if (score > same->score) {
		json_object_put(same->json);
		same->json = json_object_get(candidate);
		same->score = score;
	}
	for (size_t i = 0; by && i < json_object_array_length(same->found_by); i++)
		if (strcmp(json_object_get_string(json_object_array_get_idx(same->found_by, i)), by) == 0)
			return;
	if (by)
		json_object_array_add(same->found_by, json_object_new_string(by));
}

static int
best_first(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->score != y->score)
		return x->score > y->score ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

void
candidates_sort(struct candidates *c)
{
	if (c->n > 1)
		qsort(c->v, c->n, sizeof(*c->v), best_first);
}

void
candidates_free(struct candidates *c)
{
	for (size_t i = 0; i < c->n; i++) {
		json_object_put(c->v[i].json);
		json_object_put(c->v[i].found_by);
	}
	free(c->v);
	*c = (struct candidates){0};
}

/* --- as an item --- */

/* Members that sources write in HTML, and that are shown as text. */
static bool
has_html(const char *key)
{
	return word_is_one_of(key, "attribution", "author", "credit", "deletion_reason", "description", "license",
			      "title", "usage_terms");
}

static void
add_text(struct json_object *item, const char *key, struct json_object *value)
{
	struct buf text = {0};
	char *cut = buf_strdup(json_object_get_string(value));

	if (strlen(cut) > TEXT_MAX) {
		cut[TEXT_MAX] = '\0';
		utf8_replace_invalid(cut);
	}
	credit_text(&text, cut);
	if (text.len)
		rec_add_string(item, key, text.data);
	buf_free(&text);
	free(cut);
}

/* The programs set these members, so a source must not. */
static bool
is_ours(const char *key)
{
	return word_is_one_of(key, "attempts", "batch", "bi", "error", "file", "file_id", "found_by", "found_on",
			      "item", "label", "media", "path", "rank", "source", "status", "subject");
}

void
candidates_print(const struct candidates *c, size_t i, const char *source, struct json_object *item)
{
	const struct candidate *one = &c->v[i];

	json_object_object_foreach(one->json, key, value)
	{
		if (is_ours(key) || !value)
			continue;
		if (has_html(key) && json_object_is_type(value, json_type_string))
			add_text(item, key, value);
		else
			json_object_object_add(item, key, json_object_get(value));
	}
	rec_add_string(item, "source", source);
	json_object_object_add(item, "rank", json_object_new_int64((int64_t)i + 1));
	if (json_object_array_length(one->found_by) > 0)
		json_object_object_add(item, "found_by", json_object_get(one->found_by));
}
