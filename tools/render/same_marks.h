/*
 * same_marks: what the card of a candidate says of other items of the batch that have the same bytes.
 */
#ifndef BI_SAME_MARKS_H
#define BI_SAME_MARKS_H

#include <json-c/json.h>

#include "render_state.h"

/* Reads which items of the batch have the same bytes. Returns 0, or -1 with errno. */
int same_marks_read(struct render *r);

/* Adds to the candidate TO, which is ITEM at PLACE: also [{"subject","name","idx","href"}], the other subjects with the
 * same bytes; and if the sources contradict each other: stated [{"licence","where","page"}] and authors
 * [{"author","where","page"}], each different text once, its own first. Returns 0, or -1 with errno. */
int same_marks_add(const struct render *r, struct json_object *to, const struct batch_place *place,
		   struct json_object *item);

#endif
