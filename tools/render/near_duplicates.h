/*
 * near_duplicates: which candidates of a subject are the same, or nearly.
 */
#ifndef BI_NEAR_DUPLICATES_H
#define BI_NEAR_DUPLICATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "confined/likeness.h"

/* A candidate to be compared. */
struct near_duplicate {
	uint32_t idx;
	const char *sha256;              /* of its bytes; NULL: not known */
	const struct likeness *likeness; /* NULL: not known */
	uint64_t pixels;                 /* UINT64_MAX: a drawing, as sharp as one likes */
	bool blurred;
	uint32_t at;            /* the caller's */
	uint32_t same_as;       /* out: the first candidate with the same bytes; 0: it is the first */
	uint32_t near;          /* out: the best of its near duplicates, which is in front of it; 0: it is that */
	unsigned distance;      /* out: from that, in bits of the hash */
	uint32_t group, of, no; /* near_duplicates.c's own */
};

/*
 * Groups N candidates, which are in the order asked: near duplicates (likeness_distance() at most LIKENESS_NEAR) behind
 * the best of them, which is not blurred and has the most pixels, and copies behind what they are copies of. Groups
 * are in the order of their first members.
 */
void near_duplicates_sort(struct near_duplicate *v, size_t n);

#endif
