/*
 * same_bytes: finds the items of one or more batches that have the same bytes, by the SHA-256 of their results.
 *
 * It is a sorted list in memory with 16 bytes an item. When it is complete, only items that have their first 8 bytes of
 * the digest in common with another stay in it. An item may have other bytes by now, so the caller must check its
 * result.
 */
#ifndef BI_SAME_BYTES_H
#define BI_SAME_BYTES_H

#include <stddef.h>
#include <stdint.h>

#include "batch/batch.h"

/* Where some bytes are. A caller that lists something else than items gives these numbers another meaning. */
struct same_bytes_place {
	uint64_t print; /* the first 8 bytes of the digest */
	uint32_t batch; /* the caller's number of the batch */
	uint32_t item;
};

/* Zeroed: empty. */
struct same_bytes {
	struct same_bytes_place *v;
	size_t n;
};

/* Adds the items of B that were completed, as those of batch number NUMBER. Returns 0, or -1 with errno. */
int same_bytes_read(struct same_bytes *s, const struct batch *b, uint32_t number);

/* Adds a place of the digest that the first HASH_HEX characters at HEX are. Another text is ignored. */
void same_bytes_add(struct same_bytes *s, const char *hex, uint32_t batch, uint32_t item);

/* Completes the list, for same_bytes_find(). */
void same_bytes_end(struct same_bytes *s);

/* Returns the places of the digest HEX, in the order of their numbers, and stores how many in N; NULL and 0 if there
 * are fewer than two. */
const struct same_bytes_place *same_bytes_find(const struct same_bytes *s, const char *hex, size_t *n);

void same_bytes_free(struct same_bytes *s);

#endif
