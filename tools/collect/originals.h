/*
 * originals: the originals of a batch's candidates, in another batch: NAME.originals. Candidates of a source are
 * thumbnails, made for a review.
 */
#ifndef BI_ORIGINALS_H
#define BI_ORIGINALS_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "batch/batch.h"
#include "collect.h"

struct originals;

/* Whether ITEM was fetched as a smaller picture of something, its "original_url". */
bool originals_has(struct json_object *item);

/* Appends to LINES the item by which bi-fetch gets the original of ITEM, candidate IDX of BATCH: with its SHA-1 and
 * size, where they are known, and all that is known of author and licence. */
void originals_list(struct buf *lines, const char *batch, long idx, struct json_object *item);

/* Runs bi-fetch for those of BATCH that LINES name. Returns an exit code: one that could not be fetched is not a
 * failure yet. */
int originals_fetch(const struct collect *c, const char *batch, const struct buf *lines);

/* Opens those that are there into OUT, for originals_close(); NULL if there are none. 0, or -1 with errno. */
int originals_open(const struct collect *c, const char *batch, struct originals **out);
void originals_close(struct originals *o); /* NULL does nothing */

/* Their batch, and in it the completed original of ITEM, of subject ID: its number in K, or 0 and in WHY why it is not
 * there. 0, or -1 with errno. */
struct batch *originals_batch(struct originals *o);
int originals_find(struct originals *o, const char *id, struct json_object *item, uint32_t *k, char *why, size_t room);

#endif
