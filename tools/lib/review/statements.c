#include "review/statements.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "records/rec.h"
#include "review/credit.h"
#include "review/licence_table.h"

struct json_object *
statements_array(struct json_object *o, const char *key)
{
	struct json_object *v;

	return json_object_object_get_ex(o, key, &v) && json_object_is_type(v, json_type_array) ? v : NULL;
}

static size_t
length_of(struct json_object *array)
{
	return array ? json_object_array_length(array) : 0;
}

static int
compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Appends the names of the licences of a credit, sorted, so that their order makes no difference. */
static void
print_licences(struct buf *out, struct json_object *credit)
{
	struct json_object *all = statements_array(credit, "licenses");
	size_t n = length_of(all);
	const char **names = buf_alloc((n + 1) * sizeof(*names));

	for (size_t i = 0; i < n; i++)
		names[i] = rec_string(json_object_array_get_idx(all, i), "name");
	if (n > 1)
		qsort(names, n, sizeof(*names), compare_texts);
	for (size_t i = 0; i < n; i++)
		buf_printf(out, "%s%s", i ? "; " : "", names[i]);
	if (n == 0 && json_object_object_get_ex(credit, "non_free", NULL))
		buf_str(out, "not free to use");
	free(names);
}

/* --- a statement --- */

static void
copy_member(struct json_object *to, struct json_object *from, const char *key)
{
	struct json_object *v;

	if (json_object_object_get_ex(from, key, &v))
		json_object_object_add(to, key, json_object_get(v));
}

struct json_object *
statement_of(const struct statement_place *at, struct json_object *item, struct json_object *credit)
{
	static const char *const copied[] = {"author", "source", "page", "licenses", "non_free"};
	struct json_object *o = json_object_new_object();
	const char *url = rec_string(item, "url");
	struct buf licence = {0};

	rec_add_filled(o, "batch", at->batch);
	rec_add_filled(o, "subject", at->subject);
	rec_add_filled(o, "name", at->name);
	json_object_object_add(o, "idx", json_object_new_int64(at->idx));
	print_licences(&licence, credit);
	rec_add_filled(o, "licence", licence.data);
	for (size_t i = 0; i < sizeof(copied) / sizeof(*copied); i++)
		copy_member(o, credit, copied[i]);
	if (!rec_string(o, "page") && url && strncasecmp(url, "http", 4) == 0)
		rec_add_filled(o, "page", url);
	buf_free(&licence);
	return o;
}

/* Whether both have the text KEY, and it differs. */
static bool
differs(struct json_object *a, struct json_object *b, const char *key)
{
	const char *x = rec_string(a, key), *y = rec_string(b, key);

	return x && y && strcasecmp(x, y) != 0;
}

bool
statements_same_item(struct json_object *a, struct json_object *b)
{
	const char *x = rec_string(a, "subject"), *y = rec_string(b, "subject");

	return strcmp(rec_string(a, "batch"), rec_string(b, "batch")) == 0 && (x && y ? strcmp(x, y) == 0 : x == y) &&
	       rec_number(a, "idx", 0) == rec_number(b, "idx", 0);
}

/* A number that is the higher the more the freest licence of a statement allows, and the less it asks for. */
static unsigned long
freedom_of(struct json_object *statement)
{
	struct json_object *all = statements_array(statement, "licenses");
	unsigned allows = credit_allows(statement);
	size_t best = 0;

	for (size_t i = 0; i < length_of(all); i++) {
		struct json_object *one = json_object_array_get_idx(all, i);
		size_t allowed = length_of(statements_array(one, "allows"));
		size_t asked = length_of(statements_array(one, "requires")), is = 4 * allowed + 3 - asked;

		best = is > best ? is : best;
	}
	return (allows & LICENCE_UNKNOWN ? 1 : allows ? allows + 1 : 0) * 64UL + best;
}

/* The statement whose licence is the strictest, the first of several; NULL: none states one. */
static struct json_object *
find_strictest(struct json_object *all)
{
	struct json_object *strictest = NULL;

	for (size_t i = 0; i < length_of(all); i++) {
		struct json_object *one = json_object_array_get_idx(all, i);

		if (rec_string(one, "licence") && (!strictest || freedom_of(one) < freedom_of(strictest)))
			strictest = one;
	}
	return strictest;
}

void
statements_add(struct json_object *all, struct json_object *one)
{
	size_t n = length_of(all);
	struct json_object *strictest = n < STATEMENTS_MAX ? NULL : find_strictest(all);

	for (size_t i = 0; i < n; i++)
		if (statements_same_item(json_object_array_get_idx(all, i), one)) {
			json_object_put(one);
			return;
		}
	if (n < STATEMENTS_MAX)
		json_object_array_add(all, one);
	else if (rec_string(one, "licence") && (!strictest || freedom_of(one) < freedom_of(strictest)))
		json_object_array_put_idx(all, n - 1, one);
	else
		json_object_put(one);
}

/* --- all of them --- */

/* Whether two of the statements differ in KEY. */
static bool
any_differ(struct json_object *all, const char *key)
{
	struct json_object *first = NULL;

	for (size_t i = 0; i < length_of(all); i++) {
		struct json_object *one = json_object_array_get_idx(all, i);

		if (first && differs(first, one, key))
			return true;
		if (!first && rec_string(one, key))
			first = one;
	}
	return false;
}

static bool
is_other_subject(struct json_object *a, struct json_object *b)
{
	return differs(a, b, "subject") ||
	       (rec_string(a, "subject") && rec_string(b, "subject") && differs(a, b, "name"));
}

/* The other subjects, each once. */
static struct json_object *
list_subjects(struct json_object *all)
{
	static const char *const copied[] = {"batch", "subject", "name", "idx"};
	struct json_object *own = json_object_array_get_idx(all, 0), *list = json_object_new_array();

	for (size_t i = 1; i < length_of(all); i++) {
		struct json_object *one = json_object_array_get_idx(all, i), *o;
		bool named = !is_other_subject(own, one);

		for (size_t k = 0; k < length_of(list) && !named; k++)
			named = !is_other_subject(json_object_array_get_idx(list, k), one);
		if (named)
			continue;
		o = json_object_new_object();
		for (size_t k = 0; k < sizeof(copied) / sizeof(*copied); k++)
			copy_member(o, one, copied[k]);
		json_object_array_add(list, o);
	}
	return list;
}

/* The statement that the answer means; NULL: none. */
static struct json_object *
find_answer(struct json_object *all, const struct licence_answer *answer)
{
	for (size_t i = 0; i < length_of(all) && answer->licence && !answer->differ; i++) {
		struct json_object *one = json_object_array_get_idx(all, i);
		const char *licence = rec_string(one, "licence");

		if (licence && strcmp(licence, answer->licence) == 0)
			return one;
	}
	return NULL;
}

/* Notes in C, and in the CREDIT, which licence counts. */
static void
settle_licence(struct json_object *credit, struct json_object *c, struct json_object *all,
	       const struct licence_answer *answer)
{
	struct json_object *one = find_answer(all, answer);
	struct buf why = {0};

	if (one)
		buf_printf(&why, "chosen by %s", answer->by);
	else
		buf_printf(&why, "the strictest, %s", answer->differ ? "reviewers differ" : "nobody decided");
	if (one)
		rec_add_string(c, "by", answer->by);
	else
		one = find_strictest(all);
	rec_add_string(c, "counts", rec_string(one, "licence"));
	rec_add_string(c, "why", why.data);
	json_object_object_del(credit, "non_free");
	copy_member(credit, one, "licenses");
	copy_member(credit, one, "non_free");
	buf_free(&why);
}

void
statements_settle(struct json_object *credit, struct json_object *all, const struct licence_answer *answer)
{
	bool licence = any_differ(all, "licence"), author = any_differ(all, "author");
	struct json_object *subjects = list_subjects(all), *c, *about;

	json_object_object_del(credit, "also_under");
	json_object_object_del(credit, "contradiction");
	if (length_of(subjects) > 0)
		json_object_object_add(credit, "also_under", json_object_get(subjects));
	json_object_put(subjects);
	if (!licence && !author)
		return;
	c = json_object_new_object();
	about = json_object_new_array();
	if (licence)
		json_object_array_add(about, json_object_new_string("licence"));
	if (author)
		json_object_array_add(about, json_object_new_string("author"));
	json_object_object_add(c, "about", about);
	if (licence)
		settle_licence(credit, c, all, answer);
	json_object_object_add(c, "statements", json_object_get(all));
	json_object_object_add(credit, "contradiction", c);
}

const char *
statements_check(struct json_object *credit, unsigned wanted)
{
	struct json_object *c = NULL, *all;
	const char *wrong = NULL;

	json_object_object_get_ex(credit, "contradiction", &c);
	all = rec_string(c, "counts") && !rec_string(c, "by") ? statements_array(c, "statements") : NULL;
	for (size_t i = 0; i < length_of(all) && !wrong; i++)
		if (rec_string(json_object_array_get_idx(all, i), "licence"))
			wrong = credit_check(json_object_array_get_idx(all, i), wanted);
	return wrong ? wrong : credit_check(credit, wanted);
}
