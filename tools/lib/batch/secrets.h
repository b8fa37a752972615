/*
 * secrets: the userinfo of items' URLs, batches/NAME/secrets of bi-batch(5). The file is there only while an item that
 * is not completed has userinfo, and only its owner can read it.
 *
 * Several threads and processes may use it at once: adding and removing happen under the file's flock. A line names the
 * item by its number and its identity, so that userinfo is never used for another URL than its own, also where an item
 * was lost in a power cut and its number given anew.
 */
#ifndef BI_SECRETS_H
#define BI_SECRETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct secrets;

struct secret {
	uint32_t item;
	const char *key;      /* the item's identity, 32 hexadecimal digits */
	const char *userinfo; /* as in the URL, without the '@' */
};

/* The secrets of the batch whose directory is DIRFD, which must stay open. Nothing is opened or made yet. */
struct secrets *secrets_open(int dirfd);

/* Takes NULL, too. */
void secrets_close(struct secrets *s);

/* Adds N secrets, in place of those that the items had, and brings them to the disk; one that the item has already is
 * passed over. 0, or -1 with errno, and then none counts. */
int secrets_add(struct secrets *s, const struct secret *v, size_t n);

/* The userinfo of the item with this number and identity into OUT. 0; 1 where there is none; -1 with errno where that
 * cannot be known. */
int secrets_find(struct secrets *s, uint32_t item, const char *key, struct buf *out);

/* Overwrites what the file has of N items. 0 also where it has nothing, or -1 with errno. */
int secrets_remove(struct secrets *s, const uint32_t *items, size_t n);

/* Overwrites what the file has of each item for which IS_OVER says so, and removes the file if nothing is left in it.
 * 0 or -1 with errno. */
int secrets_sweep(struct secrets *s, bool (*is_over)(uint32_t item, const char *key, void *arg), void *arg);

#endif
