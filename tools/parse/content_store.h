/*
 * content_store: the content of a batch's items, bi-batch(5): content/ID_IDX.json and content/ID_IDX/.
 */
#ifndef BI_PARSE_CONTENT_STORE_H
#define BI_PARSE_CONTENT_STORE_H

#include <stdint.h>

#include "answer.h"

struct content_store;

/* Opens the store below the root DIR. NULL: the root that a record's file is in, else that of root_open(). */
struct content_store *content_store_open(const char *dir);
void content_store_close(struct content_store *k);

/* The content of an item. */
struct content {
	const char *file; /* the path of the item's file */
	const char *batch;
	uint32_t item;
	const char *sha256, *mime;
	int out; /* where the bytes of the images are */
	struct answer *answer;
	unsigned long long id; /* out: the knowledge item's */
	char *path;            /* out: the content file's, below the batch's directory; for free() */
};

/* NULL where the item, whose file is PATH, is in the batch, else what is wrong, a constant, with errno: ENOENT where it
 * is not there, or why that cannot be known. To be asked before it is parsed: it opens the root. */
const char *content_store_check(struct content_store *k, const char *path, const char *batch, uint32_t item);

/* Writes it, pictures first, each whole. 0, or -1 with errno. The id is the one that the item had, if its bytes are the
 * same. */
int content_store_write(struct content_store *k, struct content *it);

#endif
