/*
 * secrets: the userinfo of items' URLs and the headers of their requests, batches/NAME/secrets, bi-batch(5). The file
 * exists only while an item that is not completed has a secret. Only its owner can read it.
 *
 * Several threads and processes may use it at once: secrets are added and removed under the file's flock. A line names
 * the item by its number and its identity, so a secret is never used for another URL, even if an item was lost in a
 * power cut and its number was given again.
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
	const char *userinfo; /* as in the URL, without the '@'; NULL: none */
	const char *headers;  /* lines "NAME: VALUE", each but the last with a newline; NULL: none */
};

/* Returns the secrets of the batch whose directory is DIRFD, which must stay open. No file is opened or made yet.
 * secrets_close() frees it. */
struct secrets *secrets_open(int dirfd);

/* Frees S, which may be NULL. */
void secrets_close(struct secrets *s);

/* Adds N secrets and syncs them. A secret replaces the one that its item has; an equal one is skipped. Returns 0, or -1
 * with errno, and then none is added. */
int secrets_add(struct secrets *s, const struct secret *v, size_t n);

/* Stores the secret of the item with this number and identity in USERINFO and HEADERS; what it does not have is empty.
 * Returns 0, 1 if there is none, or -1 with errno if that cannot be known. */
int secrets_find(struct secrets *s, uint32_t item, const char *key, struct buf *userinfo, struct buf *headers);

/* Returns whether there was a file when it was last looked for. */
bool secrets_are_there(struct secrets *s);

/* Overwrites the secrets of N items in the file. Returns 0, also if there are none, or -1 with errno. */
int secrets_remove(struct secrets *s, const uint32_t *items, size_t n);

/* Overwrites the secrets of each item for which IS_OVER returns true, and removes the file if none is left. Returns 0,
 * or -1 with errno. */
int secrets_sweep(struct secrets *s, bool (*is_over)(uint32_t item, const char *key, void *arg), void *arg);

#endif
