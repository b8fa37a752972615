/*
 * report: what became of a batch and its subjects, as records and for people.
 */
#ifndef BI_REPORT_H
#define BI_REPORT_H

#include "batch/batch.h"
#include "batch/subject_index.h"
#include "collect.h"
#include "decide.h"
#include "originals.h"
#include "review/picks.h"
#include "store.h"

/* A batch being collected. */
struct batch_collector {
	struct collect *c;
	struct batch *b;
	struct subject_index plan;
	struct originals *originals; /* NULL: there are none */
	struct picks *picks;
	uint32_t *first;  /* of each subject of the plan: 1 + its first decision, 0: nobody has decided */
	long *taken_back; /* of each subject: the candidate that a decision was for until it was removed; 0: none */
	struct json_object *about;
	bool all; /* every completed item, since nobody reviews */
	uint64_t files, changed, removed, refused, failed;
	struct buf odd; /* the path in files/ that is not a regular file; empty if there is none */
};

/* Reports that something of the subject ID is not collected, and why: as a record with CODE, and to people, with
 * WHAT_TO_DO. */
void report_refused(const struct batch_collector *g, const char *id, const char *code, const char *message,
		    const char *what_to_do);

/* Reports and counts that reviewers differ, with the choice of each. */
void report_dispute(struct batch_collector *g, const char *id, const struct decision *d);

/* Prints a record of a subject of which no candidate was chosen, if the reviewers remarked on that, such as a reason.
 */
void report_rejected(const struct batch_collector *g, const char *id, const struct decision *d);

/* Reports and counts what became of a subject. */
void report_stored(struct batch_collector *g, const struct wanted *w, const struct stored *s);

/* Prints a sentence about the whole batch. */
void report_batch(const struct batch_collector *g);

#endif
