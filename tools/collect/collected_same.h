/*
 * collected_same: which files of the whole collection have the same bytes, so that the credit of each names what the
 * others state (statements.h), whenever and by whichever command they were collected.
 */
#ifndef BI_COLLECTED_SAME_H
#define BI_COLLECTED_SAME_H

#include <json-c/json.h>

#include "collect.h"

struct collected_same;

/* Lists the files of the collection. Returns NULL with errno. collected_same_free() frees it. */
struct collected_same *collected_same_read(const struct collect *c);
void collected_same_free(struct collected_same *s); /* NULL is allowed */

/* Returns the credit of CHOICE, one of CHOICES of the subject ID, with what all choices of the same file state; for
 * json_object_put(). NULL with errno. A subject whose metadata is damaged states nothing. */
struct json_object *collected_same_credit(struct collected_same *s, const char *id, struct json_object *choices,
					  struct json_object *choice);

#endif
