/*
 * picks: the decisions of reviewers, batches/NAME/picks.ndjson, bi-batch(5).
 *
 * A line is a decision of one reviewer about one subject (pick.h):
 *	{"subject":"7","choice":3,"reviewer":"ada","at":"2026-11-22T15:04:05.123Z"}
 * The file is only appended to, under its flock, and synced before a pick is reported as saved. The last line of a
 * reviewer about a subject counts. The decisions of different reviewers are all kept.
 */
#ifndef BI_PICKS_H
#define BI_PICKS_H

#include <stdbool.h>
#include <stddef.h>

#include "batch/batch.h"
#include "review/pick.h"

/* Compares times of decisions, whose fractions may have different numbers of digits. Returns <0, 0 or >0. */
int picks_compare_times(const char *a, const char *b);

/* --- decisions that count --- */

struct picks;

/* Reads the decisions of batch B, which the caller may close before them. A batch that nobody reviewed has none.
 * Returns NULL with errno on failure. picks_free() frees them. */
struct picks *picks_read(const struct batch *b);

/* Reads what was added since. Pointers from P are then no longer valid. Returns 0, or -1 with errno; P is then
 * unchanged or without decisions. */
int picks_refresh(struct picks *p);

void picks_free(struct picks *p); /* NULL is allowed */

/* Returns the version of the file that was read: equal for equal content. Its characters are valid in an ETag; it has
 * no quotes. */
const char *picks_version(const struct picks *p);

/* Returns how many decisions count, without withdrawn ones. They are sorted by subject (numbers in ids by their value),
 * then by reviewer. */
size_t picks_count(const struct picks *p);
const struct pick *picks_get(const struct picks *p, size_t i); /* `at` and `reviewer` are never NULL here */

/* Returns the last decision of V's reviewer about V's subject, with PICK_BACK if it was withdrawn; NULL if there is
 * none. */
const struct pick *picks_last(const struct picks *p, const struct pick *v);

/* Returns the next last decision of a reviewer about a subject that was taken back because its candidate was removed;
 * NULL behind the last. *CURSOR is 0 before the first call. */
const struct pick *picks_next_removed(const struct picks *p, size_t *cursor);

/* Returns the next last decision that is no decision, or is withdrawn, and has remarks; NULL behind the last. *CURSOR
 * is 0 before the first call. */
const struct pick *picks_next_undecided(const struct picks *p, size_t *cursor);

/* Returns how many lines were skipped because they are not decisions. */
size_t picks_bad_lines(const struct picks *p);

/* The decisions of all reviewers about one subject. */
struct picks_subject {
	const char *id;
	size_t first, count; /* its decisions: picks_get(P, FIRST) and so on, at least one */
	bool agreed;         /* they all have the same choice: that of the first */
	long choice;         /* that choice, if AGREED: PICK_NONE or the first candidate */
};

/* Stores the subject whose decisions begin at I in OUT; I is 0 for the first. Returns false if there are no more. The
 * next subject begins at OUT->first + OUT->count. */
bool picks_subject(const struct picks *p, size_t i, struct picks_subject *out);

/* --- subjects and candidates --- */

struct picks_subjects;

/* Reads the subjects of a batch, and how many items each has, from items.ndjson. Returns NULL with errno on failure.
 * picks_subjects_free() frees them. */
struct picks_subjects *picks_subjects_read(const struct batch *b);

/* Reads what was added to the batch since. Returns 0, or -1 with errno. */
int picks_subjects_refresh(struct picks_subjects *s);
void picks_subjects_free(struct picks_subjects *s); /* NULL is allowed */

/* Returns how many subjects of B, their batch, have something to choose, or may yet: an item that was not removed and
 * has not failed. Those of which P (NULL: nobody decided) has a decision count as long as not all items were removed.
 * -1 with errno. */
long picks_subjects_count(struct picks_subjects *s, const struct batch *b, const struct picks *p);

/* Returns how many items the subject ID has: its candidates are 1 to that number. Returns 0 if the batch has no such
 * subject. */
unsigned long picks_subjects_items(const struct picks_subjects *s, const char *id);

/* Returns whether the whole set is valid: the batch has each subject, each choice is one of its items, none or
 * withdrawn, or a list of its items if the batch allows several, and reviewers, times and remarks are well-formed.
 * Returns false with WRONG set to what is wrong with the first invalid decision, and how many more there are: "subject
 * '9' is not in the batch". */
bool picks_check(const struct picks_subjects *s, const struct pick *v, size_t n, char *wrong, size_t room);

/* Returns whether no decision of a set that picks_check() has accepted is for a candidate that was removed from B;
 * else, and if that cannot be told, false with WRONG. */
bool picks_check_removed(const struct batch *b, const struct pick *v, size_t n, char *wrong, size_t room);

/*
 * A set of decisions as pages download it and clients send it, for picks_check():
 *	{"batch":"M_batch1","reviewer":"ada","selections":{"7":3,"8":0,"9":null},"at":{"7":"2026-11-22T15:04:05.123Z"},
 *	 "remarks":{"8":{"reason":"blurred"}}}
 * All keys but "selections" are optional; unknown keys are ignored.
 */
struct picks_set {
	struct pick *v; /* the caller frees it with free(); the JSON object owns its strings */
	size_t n;
};

/* Parses a set for the batch BATCH from O. Returns false with SET empty and WRONG set to what is wrong with its
 * form. */
bool picks_parse(struct json_object *o, const char *batch, struct picks_set *set, char *wrong, size_t room);

/* --- adding --- */

/*
 * Appends a set of decisions, which picks_check() has accepted, and syncs it. Decisions that count already are not
 * written again. With EXPECT, a version, the set is only added if the file has that version. P is then refreshed.
 * Returns 0, 1 if the version differs, or -1 with errno; no part of the set then counts (with EIO it may count, but may
 * not be on the disk).
 */
int picks_put(struct picks *p, const struct pick *v, size_t n, const char *expect);

#endif
