/*
 * choosing: a batch being collected, and what is said of it: report.c, for choose.c.
 */
#ifndef BI_CHOOSING_H
#define BI_CHOOSING_H

#include "batch/subject_index.h"
#include "collect.h"

/* A batch being collected. */
struct choosing {
	struct collect *c;
	struct batch *b;
	struct subject_index plan;
	struct originals *originals; /* NULL: there are none */
	struct picks *picks;
	uint32_t *first; /* of each subject of the plan: 1 + its first decision, 0: nobody has decided */
	struct json_object *about;
	bool all; /* every completed item, since nobody reviews */
	uint64_t files, changed, removed, refused, failed;
	struct buf odd; /* the path in files/ that is not a regular file; empty if there is none */
};

/* Says that something of the subject ID is not collected, and why: as a record with CODE, and to people, who are told
 * what to do. */
void say_refused(const struct choosing *g, const char *id, const char *code, const char *message,
		 const char *what_to_do);

/* Says that reviewers differ, who chose what. */
void say_dispute(struct choosing *g, const char *id, const struct decision *d);

/* Says, and counts, what became of a subject. */
void say_stored(struct choosing *g, const struct wanted *w, const struct stored *s);

/* A sentence for people about the whole batch. */
void say_batch(const struct choosing *g);

#endif
