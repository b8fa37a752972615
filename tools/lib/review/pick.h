/*
 * pick: one decision of a reviewer about a subject, as a line of picks.ndjson and the API have it.
 */
#ifndef BI_PICK_H
#define BI_PICK_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

enum {
	PICK_NONE = 0,          /* a choice: no candidate */
	PICK_BACK = -1,         /* a choice: there is no decision, or it is withdrawn; null in the file */
	PICK_REVIEWER_MAX = 64, /* characters of a reviewer's name */
	PICK_SET_MAX = 100000,  /* decisions in one set */
	PICK_LIST_MAX = 1000,   /* candidates in one decision */
	PICK_NOTE_MAX = 2000,   /* bytes of a note */
	PICK_REASON_MAX = 200,  /* bytes of a reason */
	PICK_STARS_MAX = 5,
	PICK_LICENCE_MAX = 200, /* bytes of a licence */
};

/* A decision. Strings are UTF-8. */
struct pick {
	const char *subject;  /* the subject's id */
	long choice;          /* the IDX of a candidate, ID_IDX.EXT, the first of LIST; or PICK_NONE or PICK_BACK */
	const char *reviewer; /* NULL or "": "anonymous" */
	const char *at;       /* the time, "2026-11-22T15:04:05.123Z"; NULL or a time in the future: now */
	long removed;         /* of PICK_BACK: the IDX of the candidate that was chosen, and then removed; else 0 */
	const char *list;     /* the candidates in the order of the reviewer, as JSON: "[3,1]"; NULL: CHOICE alone */
	bool bare;            /* it says nothing of the remarks: those that stand with the same choice stay */
	/* The remarks. They can come with PICK_BACK, too. */
	bool unsure;
	int stars;           /* 1 to PICK_STARS_MAX; 0: none */
	const char *note;    /* NULL: none */
	const char *reason;  /* of PICK_NONE, why; NULL: none */
	const char *licence; /* which licences are right, by candidate, as JSON: {"3":"CC BY 4.0"}; NULL: none */
};

/* Stores in IDX the next candidate that V chose, in its order. Returns false behind the last. *CURSOR is NULL before
 * the first call. */
bool pick_next_candidate(const struct pick *v, const char **cursor, long *idx);

/* Returns the place of the candidate IDX in the order of V, from 1; 0 if V did not choose it. */
size_t pick_rank(const struct pick *v, long idx);

/* Returns how many candidates V chose. */
size_t pick_candidates(const struct pick *v);

/* Returns whether A and B chose the same: with several candidates, the same in the same order. */
bool pick_same_choice(const struct pick *a, const struct pick *b);

bool pick_same_remarks(const struct pick *a, const struct pick *b);
bool pick_has_remarks(const struct pick *v);

/* Appends the choice as JSON: a number or null, with MANY a list in place of a candidate's number. */
void pick_print_choice(struct buf *out, const struct pick *v, bool many);

/* Appends the remarks as members of an object, each with a comma before it: ,"unsure":true */
void pick_print_remarks(struct buf *out, const struct pick *v);

/* Adds the remarks to O. */
void pick_add_remarks(struct json_object *o, const struct pick *v);

/* Returns the licence that is right for the candidate IDX after V, for free(); NULL if V does not say. */
char *pick_licence(const struct pick *v, long idx);

/* Returns the highest candidate of which V says which licence is right; 0: none. */
long pick_licence_last(const struct pick *v);

/* Appends the choice in words: "none", "3", "3, 1". */
void pick_print_words(struct buf *out, const struct pick *v);

/* Parses VALUE, the choice of a line or a set, into V. VALUE, which may be NULL, owns the list. Returns false if it is
 * no choice. */
bool pick_parse_choice(struct json_object *value, struct pick *v);

/* Parses the remarks among the members of O into V; O owns the strings. Returns NULL, or what is wrong with the first
 * that has the wrong type, which V is then without: "note is no text". Members of other names are ignored. */
const char *pick_parse_remarks(struct json_object *o, struct pick *v);

/* Returns NULL if the remarks of V are valid, else the reason: "note is longer than 2000 bytes". */
const char *pick_remarks_check(const struct pick *v);

/* Returns NULL for a valid name of a reviewer ("" is valid), else the reason, which continues "the reviewer's name
 * ". */
const char *pick_reviewer_check(const char *name);

#endif
