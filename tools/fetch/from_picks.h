/*
 * from_picks: decisions of reviewers that were made in parts (from_parts.h).
 */
#ifndef BI_FROM_PICKS_H
#define BI_FROM_PICKS_H

#include "from_parts.h"

/*
 * Adds to B the decisions that reviewers made in the parts, for subjects all of whose items, here and there, are the
 * same: candidates have the numbers that they have in B. Other decisions are named in messages. A decision that the
 * reviewer made in B later, or that B has already, stays. Returns 0, or -1 with errno.
 */
int from_picks_take(struct from_parts *f, struct batch *b);

#endif
