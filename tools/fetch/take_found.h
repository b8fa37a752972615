/*
 * take_found: what was found on a page, or is a member of an archive, that is taken from a part (from_parts.h) becomes
 * items of the batch, too.
 */
#ifndef BI_TAKE_FOUND_H
#define BI_TAKE_FOUND_H

#include "from_parts.h"
#include "job.h"

/* Adds the items to the batch of J, and notes the numbers of those of a page in J's TAKEN. They are wanted once J is
 * recorded. Returns 0, or -1 with errno. */
int take_found_add(const struct from_parts *parts, struct job *j);

#endif
