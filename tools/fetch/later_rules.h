/*
 * later_rules: completed items, against options that were given after they were fetched, and local files that have
 * changed since.
 */
#ifndef BI_LATER_RULES_H
#define BI_LATER_RULES_H

#include "job.h"

struct transfers;

/* Looks at the result LINE of T, which was stored before. Returns the error code with which a completed item would fail
 * now ("not_accepted", "too_large", "blocked_address"), with the reason in the N bytes WHY; NULL: it fits --accept,
 * --max-filesize and --public-only, as far as the result tells. Adds to EXTRA, which is made if it is NULL, "mismatch"
 * with these or, if its local file has changed, "changed"; the first such file is also named in a warning. */
const char *later_rules_look(const struct run *run, const struct transfers *all, const struct target *t,
			     const struct buf *line, struct json_object **extra, char *why, size_t n);

#endif
