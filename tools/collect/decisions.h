/*
 * decisions: all candidates of the batches that are collected, with what each reviewer decided, for exports that have
 * them (bi-exports(5)).
 */
#ifndef BI_DECISIONS_H
#define BI_DECISIONS_H

#include "choices.h"
#include "section.h"

struct decisions {
	struct section text; /* a record for each candidate */
	uint64_t n;
};

/* Adds the candidates of subject I, for which D was decided. Returns 0, or -1 with errno. */
int decisions_add(struct decisions *to, const struct batch_collector *g, uint32_t i, const struct about_subject *a,
		  const struct decision *d);

#endif
