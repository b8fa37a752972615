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

/* Where a candidate is; NULL: nowhere. A file, if the source lists those of this machine. */
static const char *
location_of(struct json_object *o)
{
	const char *url = rec_string(o, "url");

	url = url && *url ? url : rec_string(o, "file");
	return url && *url ? url : NULL;
}

/* The digest of the original, or NULL. */
static const char *
digest_of(struct json_object *o)
{
	const char *s = rec_string(o, "original_sha1");

	s = s && *s ? s : rec_string(o, "sha1");
	return s && *s ? s : NULL;
}

/* Where the original is, without the scheme: sources differ in whether they write http or https. */
static const char *
address_of(struct json_object *o)
{
	const char *s = rec_string(o, "original_url"), *rest;

	s = s && *s ? s : location_of(o);
	rest = strstr(s, "://");
	return rest ? rest : s;
}

static bool
is_same(struct json_object *a, struct json_object *b)
{
	const char *x = digest_of(a), *y = digest_of(b);

	return (x && y && strcasecmp(x, y) == 0) || strcmp(address_of(a), address_of(b)) == 0 ||
	       strcmp(location_of(a), location_of(b)) == 0;
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
	for (size_t i = 0; i < c->n; i++)
		if (is_same(c->v[i].json, o))
			return &c->v[i];
	return NULL;
}

/* The better one of two that are the same takes over from the other what identifies the original. */
static void
replace(struct candidate *c, struct json_object *better, const char *source, double score)
{
	static const char *const keys[] = {"original_sha1", "original_url"};

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		if (!rec_string(better, keys[i]))
			rec_add_filled(better, keys[i], rec_string(c->json, keys[i]));
	json_object_put(c->json);
	c->json = json_object_get(better);
	c->source = source;
	c->score = score;
}

void
candidates_add(struct candidates *c, struct json_object *candidate, const char *source, const char *by)
{
	struct candidate *same;
	double score;

	/* bi-fetch decides whether it is a valid URL; a text that is clearly not a URL is not a candidate. */
	if (!location_of(candidate)) {
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
			.source = source,
			.found_by = json_object_new_array(),
			.score = score,
			.order = c->n++,
		};
	} else if (score > same->score) {
		replace(same, candidate, source, score);
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
			      "item", "label", "media", "path", "rank", "source", "sources", "status", "subject");
}

void
candidates_print(const struct candidates *c, size_t i, struct json_object *item)
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
	if (!rec_string(one->json, "url"))
		rec_add_filled(item, "file", rec_string(one->json, "file"));
	rec_add_string(item, "source", one->source);
	json_object_object_add(item, "rank", json_object_new_int64((int64_t)i + 1));
	if (json_object_array_length(one->found_by) > 0)
		json_object_object_add(item, "found_by", json_object_get(one->found_by));
}
