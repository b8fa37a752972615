/*
 * from_parts: batches of other roots that have items of this run already (--from), and what they know of an item. They
 * are directories, or archives that are unpacked for the time of the run (part_archive.h).
 *
 * The parts are read, and never written. They are looked at in the order given.
 */
#ifndef BI_FROM_PARTS_H
#define BI_FROM_PARTS_H

#include <json-c/json.h>

#include "base/hash.h"
#include "batch/identities.h"
#include "part_archive.h"
#include "run_state.h"

struct part {
	const char *name; /* as it was given */
	struct root root;
	struct batch *batch;
	uint64_t items;           /* that it had at the start */
	uint64_t taken, failed;   /* completed items, and permanent failures, that were taken */
	uint64_t damaged;         /* items whose file is not what their record says */
	uint64_t picks;           /* decisions that were taken */
	uint64_t picks_left;      /* those that could not be */
	bool known;               /* an item of it is in a batch of the run */
	bool cannot_clone, apart; /* files of it cannot be cloned; nor be linked */
};

struct from_parts {
	struct part *v;
	size_t count;
	struct part_archives archives;
	struct identities identities;
	uint64_t *members; /* items of archives, by archive: its number in IDENTITIES, then theirs in the lower half */
	size_t member_count;
	uint64_t differ; /* items of which parts have different bytes */
	uint64_t looked; /* items that were looked up */
	uint64_t left;   /* items that are in no part, and stay pending (--offline) */
};

/* What a part has of an item. Zeroed: nothing. */
struct taken {
	struct part *part;
	uint32_t all, item;         /* its number in all parts, and in the part */
	struct json_object *result; /* the part's */
	bool completed;             /* else it failed for good */
	/* take_part.c sets these when the item is taken */
	char content[SUBJECT_MAX + 64]; /* the content file in this batch, below its directory; "" without one */
	unsigned long long content_id;  /* its knowledge_item_id; 0: it has none */
	struct json_object *found;      /* the numbers of what the page shows; NULL: it is no page */
};

/* Opens the parts that the settings of RUN name. Ends the program with a message if one of them cannot be used. Returns
 * NULL if there are none. */
struct from_parts *from_parts_open(const struct run *run);
void from_parts_close(struct from_parts *f); /* NULL is allowed */

/*
 * Finds the first part behind the item AFTER (0: the first of all) that has completed the item KEY, else the first in
 * which it failed permanently, unless RETRY, which may be NULL, accepts the error. Reports, if AFTER is 0, another part
 * that has other bytes. Returns 1 and the item in OUT, for taken_free(); 0 if there is none; -1 with errno.
 */
int from_parts_find(struct from_parts *f, const char *key, const struct batch_retry *retry, uint32_t after,
		    struct taken *out);

/* Returns how many members the archive ALL has in its part, and stores the first of them in FIRST. */
size_t from_parts_members(const struct from_parts *f, uint32_t all, const uint64_t **first);

/* Notes which parts have an item that B has, too. Returns 0, or -1 with errno. */
int from_parts_compare(struct from_parts *f, struct batch *b);

/* Prints what each part gave, unless QUIET; a part of another list is named in any case. */
void from_parts_say(const struct from_parts *f, bool quiet);

/* Returns the same as an array, for the end record. */
struct json_object *from_parts_counts(const struct from_parts *f);

void taken_free(struct taken *t); /* NULL is allowed */

#endif
