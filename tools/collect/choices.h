/*
 * choices: what the collection stores of each chosen candidate of a subject: its file, its item, its credit, and who
 * chose it.
 */
#ifndef BI_CHOICES_H
#define BI_CHOICES_H

#include "report.h"

/* The metadata of a subject, from its first item. */
struct about_subject {
	char id[ID_MAX + 1]; /* in the collection */
	struct buf place;    /* of its directory (place.h) */
	struct json_object *subject;
	struct buf name;
	const char *category;
};

/* The choices of a subject while they are collected. */
struct chosen {
	struct batch_collector *g;
	struct json_object *choices;
	struct source {
		struct batch *batch; /* the file's: of the originals, or the one that is collected */
		uint32_t item;       /* as the store numbers it */
	} * from;                    /* of each choice */
	size_t n;
	uint32_t *keep; /* the candidates whose files have changed since; for free() */
	size_t keep_n;
	bool changed; /* of the candidate that is added: it has, and is taken */
};

/* Reads the last result of item K of B into RESULT, NULL if it has none, for json_object_put(). Returns 0, or -1 with
 * errno. */
int choices_read_result(const struct batch *b, uint32_t k, struct json_object **result);

/* Returns item K as the store numbers it, for json_object_put(), and its PLACE; or NULL with errno. */
struct json_object *choices_read_item(const struct batch_collector *g, uint32_t k, struct batch_place *place);

/* Adds item K to V, unless --strict forbids it, which is reported. Returns 0, or -1 with errno. */
int choices_add(struct batch_collector *g, struct chosen *v, const struct about_subject *a, const struct decision *d,
		uint32_t k);

/* Returns the credit of ITEM, which is item K at PLACE, as it counts: of contradictory licences the one that the
 * reviewers of D chose, or the strictest (statements.h); for json_object_put(). NULL with errno. */
struct json_object *choices_credit(const struct batch_collector *g, const struct batch_place *place, uint32_t k,
				   struct json_object *item, const struct decision *d);

/* Leaves only the name of the local file of ITEM: its directory is private. */
void choices_forget_path(struct json_object *item);

/* Opens the file of choice I of ARG, a struct chosen, for store_update(). Returns a descriptor, or -1 with errno. */
int choices_open_file(void *arg, size_t i);

#endif
