#include "review/pick.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "records/rec.h"

/* --- the choice --- */

bool
pick_next_candidate(const struct pick *v, const char **cursor, long *idx)
{
	char *end;

	if (!v->list) {
		*idx = v->choice;
		if (*cursor || v->choice <= 0)
			return false;
		*cursor = "";
		return true;
	}
	if (*cursor && **cursor != ',')
		return false;
	*idx = strtol(*cursor ? *cursor + 1 : v->list + 1, &end, 10);
	*cursor = end;
	return true;
}

size_t
pick_rank(const struct pick *v, long idx)
{
	const char *cursor = NULL;
	size_t rank = 0;
	long one;

	while (pick_next_candidate(v, &cursor, &one)) {
		rank++;
		if (one == idx)
			return rank;
	}
	return 0;
}

size_t
pick_candidates(const struct pick *v)
{
	const char *cursor = NULL;
	size_t n = 0;
	long idx;

	while (pick_next_candidate(v, &cursor, &idx))
		n++;
	return n;
}

bool
pick_same_choice(const struct pick *a, const struct pick *b)
{
	const char *x = NULL, *y = NULL;
	long i = 0, k = 0;
	bool more;

	if (a->choice != b->choice)
		return false;
	do {
		more = pick_next_candidate(a, &x, &i);
		if (pick_next_candidate(b, &y, &k) != more || (more && i != k))
			return false;
	} while (more);
	return true;
}

void
pick_print_choice(struct buf *out, const struct pick *v, bool many)
{
	if (v->choice == PICK_BACK)
		buf_str(out, "null");
	else if (v->list && (many || pick_candidates(v) > 1))
		buf_str(out, v->list);
	else
		buf_printf(out, many && v->choice > 0 ? "[%ld]" : "%ld", v->choice);
}

void
pick_print_words(struct buf *out, const struct pick *v)
{
	const char *cursor = NULL, *before = "";
	long idx;

	if (v->choice == PICK_NONE)
		buf_str(out, "none");
	while (pick_next_candidate(v, &cursor, &idx)) {
		buf_printf(out, "%s%ld", before, idx);
		before = ", ";
	}
}

static int
compare_numbers(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* Whether LIST has only numbers of candidates, each once. They are sorted, since a request may have many long lists. */
static bool
is_list(struct json_object *list)
{
	size_t n = json_object_array_length(list);
	int64_t sorted[PICK_LIST_MAX];

	if (n < 1 || n > PICK_LIST_MAX)
		return false;
	for (size_t i = 0; i < n; i++) {
		struct json_object *one = json_object_array_get_idx(list, i);

		sorted[i] = json_object_is_type(one, json_type_int) ? json_object_get_int64(one) : 0;
		if (sorted[i] < 1 || sorted[i] > INT32_MAX)
			return false;
	}
	qsort(sorted, n, sizeof(*sorted), compare_numbers);
	for (size_t i = 1; i < n; i++)
		if (sorted[i] == sorted[i - 1])
			return false;
	return true;
}

bool
pick_parse_choice(struct json_object *value, struct pick *v)
{
	v->choice = PICK_BACK;
	v->list = NULL;
	if (!value)
		return true;
	if (json_object_is_type(value, json_type_array)) {
		if (!is_list(value))
			return false;
		v->choice = json_object_get_int64(json_object_array_get_idx(value, 0));
		v->list = json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN);
		return true;
	}
	if (!json_object_is_type(value, json_type_int) || json_object_get_int64(value) < 0)
		return false;
	v->choice = json_object_get_int64(value);
	return true;
}

/* --- the remarks --- */

static bool
is_same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

bool
pick_same_remarks(const struct pick *a, const struct pick *b)
{
	return a->unsure == b->unsure && a->stars == b->stars && is_same_text(a->note, b->note) &&
	       is_same_text(a->reason, b->reason) && is_same_text(a->licence, b->licence);
}

bool
pick_has_remarks(const struct pick *v)
{
	return v->unsure || v->stars || v->note || v->reason || v->licence;
}

void
pick_print_remarks(struct buf *out, const struct pick *v)
{
	if (v->unsure)
		buf_str(out, ",\"unsure\":true");
	if (v->stars)
		buf_printf(out, ",\"stars\":%d", v->stars);
	if (v->reason) {
		buf_str(out, ",\"reason\":");
		buf_json(out, v->reason);
	}
	if (v->note) {
		buf_str(out, ",\"note\":");
		buf_json(out, v->note);
	}
	if (v->licence)
		buf_printf(out, ",\"licence\":%s", v->licence);
}

void
pick_add_remarks(struct json_object *o, const struct pick *v)
{
	if (v->unsure)
		json_object_object_add(o, "unsure", json_object_new_boolean(true));
	if (v->stars)
		json_object_object_add(o, "stars", json_object_new_int(v->stars));
	rec_add_filled(o, "reason", v->reason);
	rec_add_filled(o, "note", v->note);
	if (v->licence)
		json_object_object_add(o, "licence", rec_parse(v->licence, strlen(v->licence), NULL, 0));
}

static struct json_object *
parse_licences(const struct pick *v)
{
	return v->licence ? rec_parse(v->licence, strlen(v->licence), NULL, 0) : NULL;
}

char *
pick_licence(const struct pick *v, long idx)
{
	struct json_object *all = parse_licences(v);
	char key[24], *found;

	snprintf(key, sizeof(key), "%ld", idx);
	found = rec_string(all, key) ? buf_strdup(rec_string(all, key)) : NULL;
	json_object_put(all);
	return found;
}

long
pick_licence_last(const struct pick *v)
{
	struct json_object *all = parse_licences(v);
	long last = 0;

	if (!all)
		return 0;
	json_object_object_foreach(all, key, value)
	{
		long idx = strtol(key, NULL, 10);

		(void)value;
		last = idx > last ? idx : last;
	}
	json_object_put(all);
	return last;
}

/* Stores the member KEY in TEXT, NULL if it is missing, null or empty. False if it is no text. */
static bool
parse_text(struct json_object *o, const char *key, const char **text)
{
	struct json_object *value = json_object_object_get(o, key);

	*text = json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
	if (value && !*text)
		return false;
	if (*text && !**text)
		*text = NULL;
	return true;
}

/* Whether TEXT has at most MOST bytes and no control characters, except line breaks and tabs with LINES. */
static bool
is_text(const char *text, size_t most, bool lines)
{
	size_t left = strlen(text), len;
	uint32_t c;

	if (left > most)
		return false;
	for (; left > 0; text += len, left -= len) {
		if ((len = utf8_decode(text, left, &c)) == 0)
			return false;
		if (utf8_class_of(c) == UTF8_CONTROL && !(lines && (c == '\n' || c == '\t')))
			return false;
	}
	return true;
}

/* Whether KEY is the number of a candidate, as JSON writes one. */
static bool
is_candidate(const char *key)
{
	return *key >= '1' && *key <= '9' && strspn(key, "0123456789") == strlen(key) && strlen(key) < 10;
}

/* Stores the member "licence" in V. Returns false if it is not an object of candidates and names of licences. */
static bool
parse_licence(struct json_object *o, struct pick *v)
{
	struct json_object *all = json_object_object_get(o, "licence");

	v->licence = NULL;
	if (all && (!json_object_is_type(all, json_type_object) || json_object_object_length(all) > PICK_LIST_MAX))
		return false;
	if (!all || json_object_object_length(all) == 0)
		return true;
	json_object_object_foreach(all, key, value)
	{
		const char *text = json_object_is_type(value, json_type_string) ? json_object_get_string(value) : "";

		if (!is_candidate(key) || !*text || !is_text(text, PICK_LICENCE_MAX, false))
			return false;
	}
	v->licence = json_object_to_json_string_ext(all, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
	return true;
}

const char *
pick_parse_remarks(struct json_object *o, struct pick *v)
{
	struct json_object *unsure = json_object_object_get(o, "unsure"), *stars = json_object_object_get(o, "stars");
	const char *wrong = NULL;

	if (!parse_text(o, "note", &v->note))
		wrong = "note is no text";
	if (!parse_text(o, "reason", &v->reason))
		wrong = "reason is no text";
	if (!parse_licence(o, v))
		wrong = "licence is not the names of licences by candidate, such as {\"3\":\"CC BY 4.0\"}";
	v->unsure = json_object_is_type(unsure, json_type_boolean) && json_object_get_boolean(unsure);
	if (unsure && !json_object_is_type(unsure, json_type_boolean))
		wrong = "unsure is neither true nor false";
	v->stars = 0;
	if (json_object_is_type(stars, json_type_int) && json_object_get_int64(stars) >= 0 &&
	    json_object_get_int64(stars) <= PICK_STARS_MAX)
		v->stars = json_object_get_int(stars);
	else if (stars)
		wrong = "stars is no number from 0 to 5";
	return wrong;
}

const char *
pick_remarks_check(const struct pick *v)
{
	if (v->note && strlen(v->note) > PICK_NOTE_MAX)
		return "note is longer than 2000 bytes";
	if (v->note && !is_text(v->note, PICK_NOTE_MAX, true))
		return "note has a control character in it";
	if (v->reason && !is_text(v->reason, PICK_REASON_MAX, false))
		return "reason is not one line of at most 200 bytes";
	if (v->reason && v->choice != PICK_NONE)
		return "reason needs the choice 0, none of the candidates";
	return NULL;
}

const char *
pick_reviewer_check(const char *name)
{
	size_t left = strlen(name), len;
	uint32_t c;

	for (int n = 0; left > 0; n++, name += len, left -= len) {
		if ((len = utf8_decode(name, left, &c)) == 0)
			return "is not UTF-8";
		/* Nor invisible characters, with which a name could pass for another. */
		if (utf8_class_of(c) != UTF8_TEXT)
			return "has a control character in it";
		if (n == PICK_REVIEWER_MAX)
			return "is longer than 64 characters";
	}
	return NULL;
}
