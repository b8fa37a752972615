/*
 * store: the directory of a subject in the collection: the files that batches chose of it, and its metadata.json. Both
 * are whole at any moment, and the same in whatever order the batches are collected.
 */
#ifndef BI_STORE_H
#define BI_STORE_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/hash.h"
#include "batch/batch.h"
#include "collect.h"

enum {
	ID_MAX = BATCH_NAME_MAX + 1 + SUBJECT_MAX, /* of a subject in the collection: BATCH_iN at most */
	FILE_MAX = HASH_HEX + 24,                  /* of a collected file's name */
};

/* What one batch wants of one subject. */
struct wanted {
	const char *batch;
	const char *id;              /* of the subject */
	const char *place;           /* of its directory (place.h) */
	struct json_object *choices; /* an array, each as in metadata.json; the caller owns it */
	/* Opens the file of choice number I, which has a "file", for reading; -1 with errno, ENOENT: it is gone. */
	int (*open)(void *arg, size_t i);
	void *arg;
	bool keep_all;        /* nobody has decided anything: what --all took stays */
	const uint32_t *keep; /* candidates whose files have changed: what is there of them stays */
	size_t keep_n;
	bool disputed; /* reviewers differ: what is there stays, and is marked */
};

enum store_outcome {
	STORE_SAME,        /* it was there */
	STORE_NEW,         /* it is there now */
	STORE_GONE,        /* neither the batch nor the collection has its file */
	STORE_CHANGED_FILE /* the batch's file is not the one that was fetched */
};

/* What became of it. */
struct stored {
	size_t kept;                 /* choices of the batch that stand now */
	size_t exported;             /* of these, those that an export of the batch has: not in dispute */
	enum store_outcome *outcome; /* of each wanted choice; the caller frees it */
	struct buf removed;          /* names of removed files, each with its NUL; the caller frees it */
	bool changed;
	char conflict[512]; /* not empty: with what the batch is in conflict; nothing was done */
};

/* Brings the subject's directory up to date. 0, or -1 with errno. */
int store_update(struct collect *c, const struct wanted *w, struct stored *out);

/* Opens the directory at PLACE and locks it, ALONE or shared; CREATE makes it. -1 with errno: ENOENT if there is
 * none. */
int store_open(const struct collect *c, const char *place, bool create, bool alone);

/* The metadata in DIR, for json_object_put(). NULL with errno: ENOENT if there is none, EBADMSG if bi-collect has not
 * written it so: each choice has a batch and a file named by its content. */
struct json_object *store_read(int dir);

/* Whether this errno of store_read() or store_open() tells of damage to one subject, or of something that has the place
 * of its files. Other errors say that it could not be read. */
bool store_is_damage(int error);

/* The choices of that; an empty array if it has none. Not to be freed. */
struct json_object *store_choices(struct json_object *metadata);

/* The string KEY of CHOICE; "" if it has none. Not to be freed. */
const char *choice_text(struct json_object *choice, const char *key);

/* Appends to OUT the text of a metadata.json with these choices (an array). */
void store_print(const char *id, struct json_object *choices, struct buf *out);

#endif
