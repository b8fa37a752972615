/*
 * same_picture: finds what the other items of some batches state that have the same bytes as an item, for
 * statements.h.
 */
#ifndef BI_SAME_PICTURE_H
#define BI_SAME_PICTURE_H

#include <json-c/json.h>
#include <stdint.h>

#include "batch/batch.h"
#include "files/root.h"

struct same_pictures;

/* Begins with no batch. ROOT must outlive it. same_pictures_free() frees it. */
struct same_pictures *same_pictures_begin(const struct root *root);
void same_pictures_free(struct same_pictures *s); /* NULL is allowed */

/* Adds the items of B, which the caller may close before S. Returns 0, or -1 with errno. */
int same_pictures_read(struct same_pictures *s, const struct batch *b);

/* Completes it, for same_pictures_find(). */
void same_pictures_end(struct same_pictures *s);

/* Stores in ALL the statements of item K of B, ITEM at PLACE with CREDIT, and of all others with the same bytes, its
 * own first; for json_object_put(). NULL if there is no other. Returns 0, or -1 with errno. */
int same_pictures_find(struct same_pictures *s, const struct batch *b, const struct batch_place *place, uint32_t k,
		       struct json_object *item, struct json_object *credit, struct json_object **all);

#endif
