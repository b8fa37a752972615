/*
 * srcset: the candidates of a srcset attribute, as the HTML standard splits them.
 */
#ifndef BI_SRCSET_H
#define BI_SRCSET_H

#include <stdbool.h>
#include <stddef.h>

struct srcset {
	const char *at;  /* what is left of the attribute; the caller sets it */
	const char *url; /* out: not NUL-terminated */
	size_t len;
	double size; /* out: its width in pixels, or its density; a candidate without either has the density 1 */
	bool width;  /* out: size is a width */
};

/* The next candidate; false at the end. Those whose descriptors make no sense are passed over. */
bool srcset_next(struct srcset *s);

#endif
