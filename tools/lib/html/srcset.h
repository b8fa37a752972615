/*
 * srcset: splits a srcset attribute into its candidates, as the HTML standard does.
 */
#ifndef BI_SRCSET_H
#define BI_SRCSET_H

#include <stdbool.h>
#include <stddef.h>

struct srcset {
	const char *at;  /* the rest of the attribute; the caller sets it */
	const char *url; /* out: not NUL-terminated */
	size_t len;
	double size; /* out: its width in pixels, or its density; a candidate without either has the density 1 */
	bool width;  /* out: size is a width */
};

/* Stores the next candidate; returns false at the end. Candidates with invalid descriptors are skipped. */
bool srcset_next(struct srcset *s);

#endif
