/*
 * set_sum: the sum of the digests of texts, to compare two sets of them that come in different orders without storing
 * either. It shows accidents. It is no proof against a person, who may find other texts with the same sum; but who can
 * change an export can also change the list inside it.
 */
#ifndef BI_SET_SUM_H
#define BI_SET_SUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zeroed: of no texts. */
struct set_sum {
	uint64_t parts[4];
};

/* Adds the N bytes at TEXT so many TIMES. */
void set_sum_add(struct set_sum *s, const void *text, size_t n, uint64_t times);

/* Whether both are of the same texts, each as often. */
bool set_sum_is(const struct set_sum *a, const struct set_sum *b);

#endif
