/*
 * answer: what a confined process made of a document, looked through before anybody else gets it: that process read
 * hostile bytes.
 */
#ifndef BI_PARSE_ANSWER_H
#define BI_PARSE_ANSWER_H

#include <json-c/json.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/buf.h"
#include "pool.h"

struct answer_image {
	const char *name; /* good as a file name: image3.jpg */
	off_t from;       /* where in OUT its bytes begin */
	size_t bytes;
};

struct answer {
	struct json_object *about; /* kind, title... metadata, links, media, images, pages, truncated */
	struct buf text;           /* valid UTF-8 */
	struct answer_image *images;
	size_t image_count;
};

/* Reads the answer of W, which is WORK_DONE. Returns false if it is not a valid answer, or sets errno too if it could
 * not be read: the caller sets errno to 0 before. The caller calls answer_free() in each case. */
bool answer_read(const struct work *w, struct answer *a);
void answer_free(struct answer *a);

#endif
