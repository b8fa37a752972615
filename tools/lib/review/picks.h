/*
 * picks: what reviewers chose, batches/NAME/picks.ndjson, bi-batch(5).
 *
 * A line is a decision of one reviewer about one subject:
 *	{"subject":"7","choice":3,"reviewer":"ada","at":"2026-11-22T15:04:05.123Z"}
 * The file is appended only, under its own flock, and synced before anybody is told that a pick is kept. Of the lines
 * of one reviewer about one subject the last counts; two reviewers who differ are both kept.
 */
#ifndef BI_PICKS_H
#define BI_PICKS_H

#include <stdbool.h>
#include <stddef.h>

#include "batch/batch.h"

enum {
	PICK_NONE = 0,          /* a choice: none of the candidates */
	PICK_BACK = -1,         /* a choice: the decision is taken back; null in the file */
	PICK_REVIEWER_MAX = 64, /* characters of a reviewer's name */
	PICK_SET_MAX = 100000,  /* decisions in one set */
	PICK_TIME = 32,         /* bytes of a time that we write, with its NUL */
};

/* A decision. Strings are UTF-8. */
struct pick {
	const char *subject;  /* the subject's id */
	long choice;          /* the IDX of a candidate, ID_IDX.EXT, or PICK_NONE or PICK_BACK */
	const char *reviewer; /* NULL or "": "anonymous" */
	const char *at;       /* when, "2026-11-22T15:04:05.123Z"; NULL, or a time that has not come yet: now */
};

/* Compares times as decisions have them, which differ in how many digits the fraction has: <0, 0, >0. */
int picks_compare_times(const char *a, const char *b);

/* The time now, as decisions have it. */
void picks_now(char at[PICK_TIME]);

/* --- what stands --- */

struct picks;

/*
 * Reads the decisions of batch B, which may be closed before them. A batch that nobody reviewed has none. NULL with
 * errno. picks_free() frees it.
 */
struct picks *picks_read(const struct batch *b);

/* Takes in what was added since, reading only that. What was got from P before is no longer valid. 0, or -1 with errno
 * and P as it was or without decisions. */
int picks_refresh(struct picks *p);

void picks_free(struct picks *p); /* NULL does nothing */

/* The version of what was read: equal where the file is. Good characters for an ETag, quotes not included. */
const char *picks_version(const struct picks *p);

/* The decisions that stand, none taken back: sorted by subject (numbers in ids by their value), then reviewer. */
size_t picks_count(const struct picks *p);
const struct pick *picks_get(const struct picks *p, size_t i); /* `at` and `reviewer` are never NULL here */

/* The last decision of V's reviewer about V's subject, with PICK_BACK where it was taken back; NULL where there was
 * none.
 */
const struct pick *picks_last(const struct picks *p, const struct pick *v);

/* How many lines were passed over because they are no decisions. */
size_t picks_bad_lines(const struct picks *p);

/* What the reviewers of one subject say together. */
struct picks_subject {
	const char *id;
	size_t first, count; /* its decisions: picks_get(P, FIRST) and so on, at least one */
	bool agreed;         /* they are all the same */
	long choice;         /* then it is this, PICK_NONE or more */
};

/*
 * The subject whose decisions begin at I, 0 to begin with. False where there is none more; else the next one's begin
 * at OUT->first + OUT->count.
 */
bool picks_subject(const struct picks *p, size_t i, struct picks_subject *out);

/* --- what may be chosen --- */

struct picks_subjects;

/* The subjects of a batch and how many items each has, as items.ndjson says. NULL with errno. For
 * picks_subjects_free(). */
struct picks_subjects *picks_subjects_read(const struct batch *b);

/* Takes in what was added to the batch since. 0, or -1 with errno. */
int picks_subjects_refresh(struct picks_subjects *s);
void picks_subjects_free(struct picks_subjects *s); /* NULL does nothing */

/* How many subjects there are. */
unsigned long picks_subjects_count(const struct picks_subjects *s);

/* How many items the subject ID has: its candidates are 1 to that. 0: the batch has no such subject. */
unsigned long picks_subjects_items(const struct picks_subjects *s, const char *id);

/*
 * Whether the whole set may be added: each subject known, each choice one of its items, none or taken back, reviewers
 * and times well-formed. False with WRONG set to what is wrong with the first that is not, and how many more there are:
 * "subject '9' is not in the batch".
 */
bool picks_check(const struct picks_subjects *s, const struct pick *v, size_t n, char *wrong, size_t room);

/* NULL for a good name of a reviewer ("" is one), else what is wrong with it, to stand behind "the reviewer's name ".
 */
const char *picks_reviewer_check(const char *name);

/*
 * A set as pages download it and clients send it, for picks_check():
 *	{"batch":"M_batch1","reviewer":"ada","selections":{"7":3,"8":0,"9":null},"at":{"7":"2026-11-22T15:04:05.123Z"}}
 * All but "selections" may be missing; unknown keys are passed over.
 */
struct picks_set {
	struct pick *v; /* for the caller to free(); its strings are the JSON object's */
	size_t n;
};

/* Takes a set for the batch BATCH out of O. False with SET empty and WRONG set to what is wrong with its form. */
bool picks_parse(struct json_object *o, const char *batch, struct picks_set *set, char *wrong, size_t room);

/* --- adding --- */

/*
 * Adds a set of decisions, which picks_check() has passed, as one append; returns once they are on the disk. What
 * stands already is not written again. With EXPECT, a version: only if the file is still that one. P is then
 * as after picks_refresh(). 0; 1 where the version is another; -1 with errno, and no part of the set counts
 * (EIO: it may stand, but it is not known to be on the disk).
 */
int picks_put(struct picks *p, const struct pick *v, size_t n, const char *expect);

/* The same for who has not read them. 0 or -1. */
int picks_add(const struct batch *b, const struct pick *v, size_t n);

#endif
