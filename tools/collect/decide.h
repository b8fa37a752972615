/*
 * decide: which decision about a subject counts.
 */
#ifndef BI_DECIDE_H
#define BI_DECIDE_H

#include <stdint.h>

#include "collect.h"
#include "review/picks.h"

struct decision {
	enum { UNDECIDED, DECIDED, DISPUTED } kind;
	const struct pick *pick; /* DECIDED: the decision that counts, or one that is the same */
	const char *preferred;   /* the reviewer whose decision it is, where they differ */
	struct picks_subject of;
};

/* Stores in D what the decisions from number FIRST - 1 of P on, which are about one subject, come to. FIRST is 0 if
 * there are none. */
void decide(const struct collect *c, const struct picks *p, uint32_t first, struct decision *d);

#endif
