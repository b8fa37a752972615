/*
 * subject_index: an index in memory of a batch's items by subject, with a few bytes an item.
 */
#ifndef BI_SUBJECT_INDEX_H
#define BI_SUBJECT_INDEX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "batch/batch.h"

struct indexed_subject {
	uint32_t id;    /* where its id is in IDS */
	uint32_t first; /* where its items begin in ITEMS */
	uint32_t count;
};

struct subject_index {
	struct indexed_subject *subjects; /* in the order of their first items */
	uint32_t count;
	uint32_t *items; /* item numbers, subject by subject, each in the order asked */
	uint32_t length; /* how many items */
	struct buf ids;  /* the ids, each with its NUL */
	uint32_t *slots; /* from an id to 1 + its number, 0 is free; at most half full */
	uint32_t size;
};

/* Reads the items of B. Returns 0, or -1 with errno (EFBIG: too many items or ids; EBADMSG: an invalid line).
 * subject_index_free() frees P in either case. */
int subject_index_build(struct subject_index *p, struct batch *b);
void subject_index_free(struct subject_index *p);

/* Leaves the subjects out whose items were all removed, with their items; the others keep their order. Returns 0, or -1
 * with errno. */
int subject_index_leave_out_removed(struct subject_index *p, const struct batch *b);

/* Returns the id of subject number SUBJECT, valid until subject_index_free(). */
const char *subject_index_id(const struct subject_index *p, uint32_t subject);

/* Stores the number of the subject ID in SUBJECT. Returns false if the batch does not have it. */
bool subject_index_find(const struct subject_index *p, const char *id, uint32_t *subject);

/* Returns the number of the item that is candidate IDX, from 1, of the subject ID; 0 if there is none. */
uint32_t subject_index_item(const struct subject_index *p, const char *id, unsigned long idx);

#endif
