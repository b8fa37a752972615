/*
 * side_questions: what two sides ask of a file system.
 */
#ifndef BI_SIDE_QUESTIONS_H
#define BI_SIDE_QUESTIONS_H

#include <stdbool.h>

#include "base/buf.h"
#include "two_sides.h"

struct side_question {
	const char *name;  /* for programs */
	const char *title; /* for people */
	bool needed;       /* a root that two machines use needs it */
};
extern const struct side_question side_questions[SIDES_QUESTIONS];

/* Asks all questions together with the other side. Each answer is in S->own.answers; what was seen where it is not what
 * it should be is appended to SEEN. */
void sides_ask(struct two_sides *s, struct buf seen[SIDES_QUESTIONS]);

#endif
