#include "same_marks.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "index_pages.h"
#include "records/rec.h"
#include "review/credit.h"
#include "review/same_picture.h"
#include "review/statements.h"

int
same_marks_read(struct render *r)
{
	r->same = same_pictures_begin(r->root);
	if (same_pictures_read(r->same, r->batch) < 0)
		return -1;
	same_pictures_end(r->same);
	return 0;
}

/* Adds the address of the card of each subject. */
static void
add_addresses(const struct render *r, struct json_object *also)
{
	char index[INDEX_NAME], href[SUBJECT_MAX + INDEX_NAME + 40];

	for (size_t i = 0; i < json_object_array_length(also); i++) {
		struct json_object *one = json_object_array_get_idx(also, i);
		const char *id = rec_string(one, "subject");
		uint32_t subject;

		if (!subject_index_find(&r->plan, id, &subject))
			continue;
		index_page_name(index, subject / INDEX_PAGE);
		if (r->sheet)
			snprintf(href, sizeof(href), "%s#%s", index, id);
		else
			snprintf(href, sizeof(href), "%s_review.html#c%lld", id, rec_number(one, "idx", 1));
		rec_add_string(one, "href", href);
	}
}

static bool
has_text(struct json_object *list, const char *key, const char *text)
{
	for (size_t i = 0; i < json_object_array_length(list); i++)
		if (strcasecmp(rec_string(json_object_array_get_idx(list, i), key), text) == 0)
			return true;
	return false;
}

/* The different texts KEY of the statements, with their sources. */
static struct json_object *
list_texts(struct json_object *statements, const char *key)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < json_object_array_length(statements); i++) {
		struct json_object *one = json_object_array_get_idx(statements, i), *o;
		const char *text = rec_string(one, key);

		if (!text || has_text(list, key, text))
			continue;
		o = json_object_new_object();
		rec_add_string(o, key, text);
		rec_add_string(o, "where", rec_string(one, "source"));
		rec_add_string(o, "page", rec_string(one, "page"));
		json_object_array_add(list, o);
	}
	return list;
}

/* Adds the texts KEY to the candidate as its member NAME if there are several. */
static void
add_texts(struct json_object *to, const char *name, struct json_object *statements, const char *key)
{
	struct json_object *list = list_texts(statements, key);

	if (json_object_array_length(list) > 1)
		json_object_object_add(to, name, list);
	else
		json_object_put(list);
}

int
same_marks_add(const struct render *r, struct json_object *to, const struct batch_place *place,
	       struct json_object *item)
{
	struct json_object *credit = credit_of(item), *all, *also;
	const struct licence_answer none = {0};
	int rc = same_pictures_find(r->same, r->batch, place, place->item, item, credit, &all);

	if (rc == 0 && all) {
		statements_settle(credit, all, &none);
		also = statements_array(credit, "also_under");
		if (also) {
			add_addresses(r, also);
			json_object_object_add(to, "also", json_object_get(also));
		}
		add_texts(to, "stated", all, "licence");
		add_texts(to, "authors", all, "author");
		json_object_put(all);
	}
	json_object_put(credit);
	return rc;
}
