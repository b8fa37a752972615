#include "take_found.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "records/rec.h"
#include "strays.h"

enum { BLOCK = 64 };

/* The items that are added at once. */
struct block {
	struct batch_ask asks[BLOCK];
	struct batch_place places[BLOCK]; /* in the part */
	size_t n;
};

/* Makes the item of LINE, the line of the part. Its request may need the secrets of the page. */
static void
make_ask(struct block *v, const struct job *j, struct json_object *item)
{
	struct batch_ask *ask = &v->asks[v->n];

	json_object_object_del(item, "bi");
	if (rec_string(item, "member"))
		json_object_object_add(item, "archive", json_object_new_uint64(j->item));
	*ask = (struct batch_ask){
		.key = v->places[v->n].key,
		.subject = json_object_object_get_ex(item, "subject", NULL) ? v->places[v->n].subject : NULL,
		.userinfo = json_object_object_get_ex(item, "userinfo", NULL) ? j->userinfo : NULL,
		.headers = json_object_object_get_ex(item, "headers", NULL) ? j->headers : NULL,
		.userinfo_is = USERINFO_LENT,
		.text = buf_strdup(rec_print(item)),
	};
	v->n++;
}

/* Adds the block: members of the archive J or, with NUMBERS, which gets those of its items, what is on the page J. 0 or
 * -1. */
static int
add_block(struct block *v, const struct job *j, struct json_object *numbers)
{
	int rc = v->n ? batch_add(j->target->batch, v->asks, v->n) : 0;

	for (size_t i = 0; i < v->n; i++) {
		if (rc == 0 && numbers)
			json_object_array_add(numbers, json_object_new_uint64(v->asks[i].item));
		else if (rc == 0 && v->asks[i].is_new)
			strays_add(j->target, j->item, v->asks[i].item);
		free((char *)v->asks[i].text);
	}
	v->n = 0;
	return rc;
}

/* Adds item K of the part to the block. An item that the part does not have, as after an edit, is left out. 0 or -1. */
static int
add_item(struct block *v, const struct job *j, uint32_t k, struct json_object *numbers)
{
	struct buf line = {0};
	struct json_object *item = NULL;
	int rc = batch_item(j->taken->part->batch, k, &line);

	if (rc == 0 && batch_place(line.data, line.len, &v->places[v->n]) == 0)
		item = rec_parse(line.data, line.len, NULL, 0);
	if (json_object_is_type(item, json_type_object))
		make_ask(v, j, item);
	else if (rc < 0 && errno == ENOENT)
		rc = 0;
	json_object_put(item);
	buf_free(&line);
	return rc == 0 && v->n == BLOCK ? add_block(v, j, numbers) : rc;
}

static int
add_found(struct block *v, struct job *j, struct json_object *found)
{
	int rc = 0;

	j->taken->found = json_object_new_array();
	for (size_t i = 0; i < json_object_array_length(found) && rc == 0; i++) {
		uint64_t k = json_object_get_uint64(json_object_array_get_idx(found, i));

		if (k > 0 && k < UINT32_MAX)
			rc = add_item(v, j, (uint32_t)k, j->taken->found);
	}
	return rc == 0 ? add_block(v, j, j->taken->found) : rc;
}

static int
add_members(const struct from_parts *parts, struct block *v, struct job *j)
{
	const uint64_t *members;
	size_t n = from_parts_members(parts, j->taken->all, &members);
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++)
		rc = add_item(v, j, (uint32_t)members[i] - (j->taken->all - j->taken->item), NULL);
	return rc == 0 ? add_block(v, j, NULL) : rc;
}

int
take_found_add(const struct from_parts *parts, struct job *j)
{
	struct block v = {.n = 0};
	struct json_object *found;
	int rc = 0;

	if (json_object_object_get_ex(j->taken->result, "found_items", &found) &&
	    json_object_is_type(found, json_type_array))
		rc = add_found(&v, j, found);
	if (rc == 0 && json_object_object_get_ex(j->taken->result, "members", NULL))
		rc = add_members(parts, &v, j);
	for (size_t i = 0; i < v.n; i++)
		free((char *)v.asks[i].text);
	return rc;
}
