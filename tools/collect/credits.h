/*
 * credits: ATTRIBUTION documents being written, of the whole collection and of exports.
 */
#ifndef BI_CREDITS_H
#define BI_CREDITS_H

#include <json-c/json.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/hash.h"
#include "collect.h"
#include "collected_same.h"
#include "files/atomic_file.h"
#include "review/attribution.h"

struct credits {
	int temp;
	struct atomic_file parts[ATTRIBUTION_KINDS];
	struct hash *hashes[ATTRIBUTION_KINDS];
	struct buf text[ATTRIBUTION_KINDS]; /* not written yet */
	size_t n;
	struct collected_same *same; /* of the whole collection; NULL: what the choices have is all */
};

/* Begins documents, whose files are parts in the directory TEMP; credits_drop() must follow, also after a failure. 0,
 * or -1 with errno. */
int credits_begin(struct credits *k, int temp);

/* Adds the file FILE of a subject, called NAME in the document, with the credits of those of CHOICES that chose it. 0,
 * or -1 with errno. */
int credits_add(struct credits *k, const char *id, const char *file, const char *name, struct json_object *choices);

/* Ends the documents; their SHA-256 into HEX. 0, or -1 with errno. */
int credits_end(struct credits *k, char hex[ATTRIBUTION_KINDS][HASH_HEX + 1]);
void credits_drop(struct credits *k);

/* Calls SEE for each file that CHOICES name, sorted, until it does not return 0. Returns what the last call returned.
 */
int credits_each_file(struct json_object *choices, int (*see)(const char *file, void *arg), void *arg);

/* Writes the documents of the whole collection anew if they are not up to date. Returns an exit code. */
int credits_of_all(struct collect *c);

#endif
