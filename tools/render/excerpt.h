/*
 * excerpt: the title of a document and the beginning of its text, for its card.
 */
#ifndef BI_EXCERPT_H
#define BI_EXCERPT_H

#include <json-c/json.h>

#include "batch/batch.h"

/*
 * Adds doc_title, text and cut (true if there is more text) to TO, as far as they are known, at most MOST bytes of
 * text. They are what bi-parse stored of the item at PLACE; the text of a plain text that was not parsed is that of its
 * file. RESULT is the item's. Nothing is added of a document that was parsed before it changed. Returns 0, or -1 with
 * errno.
 */
int excerpt_add(const struct batch *b, const struct batch_place *place, struct json_object *result, size_t most,
		struct json_object *to);

#endif
