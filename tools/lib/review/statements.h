/*
 * statements: what different sources state of the same bytes, and which of their licences counts.
 *
 * A statement is an object {"batch","subject","name","idx","author","source","page","licence","licenses","non_free"}
 * without what is not stated. "licence" is what people read and choose: the names of all licences of that source. A
 * source that states no licence contradicts none.
 */
#ifndef BI_STATEMENTS_H
#define BI_STATEMENTS_H

#include <json-c/json.h>
#include <stdbool.h>

enum { STATEMENTS_MAX = 50 }; /* of one picture that are named */

/* Where a statement is from. Strings but BATCH may be NULL. */
struct statement_place {
	const char *batch;
	const char *subject; /* NULL: the item has none */
	const char *name;    /* of the subject */
	long idx;
};

/* Returns what ITEM, whose credit_of() is CREDIT, states; for json_object_put(). */
struct json_object *statement_of(const struct statement_place *at, struct json_object *item,
				 struct json_object *credit);

/* Adds the statement ONE, which it takes, to the array ALL, unless that has it. Of more than STATEMENTS_MAX the first
 * ones stay, and the strictest. */
void statements_add(struct json_object *all, struct json_object *one);

/* Whether two statements are of the same item. */
bool statements_same_item(struct json_object *a, struct json_object *b);

/* Which licence a reviewer holds for the right one. Both NULL: nobody has decided. */
struct licence_answer {
	const char *licence; /* the "licence" of a statement */
	const char *by;
	bool differ; /* reviewers answered differently, so that neither counts */
};

/*
 * Compares the statements ALL, the first of which is that of CREDIT, and adds to CREDIT:
 *	also_under [{"batch","subject","name","idx"}]: other subjects with the same bytes;
 *	contradiction {"about":["licence","author"],"statements":ALL,"counts","why","by"}: if licences or authors
 *differ; "counts" and "why" if licences do, and "by" if a reviewer chose. Its "licenses" and "non_free" become those
 *that count: the answer, if it is one of the statements, else the strictest.
 */
void statements_settle(struct json_object *credit, struct json_object *all, const struct licence_answer *answer);

/* As credit_check(), but as long as no reviewer has decided, all statements must allow what is WANTED. */
const char *statements_check(struct json_object *credit, unsigned wanted);

/* Returns the array KEY of O, or NULL. */
struct json_object *statements_array(struct json_object *o, const char *key);

#endif
