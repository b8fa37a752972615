/*
 * digests: lists of digests in the format of sha256sum, in memory.
 */
#ifndef BI_DIGESTS_H
#define BI_DIGESTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/hash.h"

struct digest {
	char *name;
	char hex[HASH_HEX + 1];
};

/* Zeroed: empty. */
struct digests {
	struct digest *v;
	size_t n;
};

/* Adds the digest HEX of the name of N bytes at NAME. */
void digests_add(struct digests *d, const char *name, size_t n, const char hex[HASH_HEX]);
void digests_free(struct digests *d);

/* Sorts them by name, for digests_find() and digests_have_twice(). */
void digests_sort(struct digests *d);

/* Returns the one of NAME, or NULL. */
const struct digest *digests_find(const struct digests *d, const char *name);

/* Whether a name occurs twice. */
bool digests_have_twice(const struct digests *d);

/* Whether the N bytes at LINE, without their newline, are the digest of a name, which is behind DIGESTS_NAME bytes. */
enum { DIGESTS_NAME = HASH_HEX + 2 };
bool digests_is_line(const char *line, size_t n);

/* Reads the N bytes at TEXT, and sorts. Returns false if a line is invalid, or two have the same name. */
bool digests_read(struct digests *d, const char *text, size_t n);

#endif
