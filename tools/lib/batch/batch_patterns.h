/*
 * batch_patterns: operands that name several batches of a root by a pattern of the shell, 'part-*'.
 */
#ifndef BI_BATCH_PATTERNS_H
#define BI_BATCH_PATTERNS_H

#include <stdbool.h>

#include "files/root.h"

/* Returns whether NAME is a pattern of glob(7), which no name of a batch is. */
bool batch_patterns_is(const char *name);

/* Returns whether one of the operands, NULL-terminated, is a pattern. */
bool batch_patterns_has(char *const *operands);

/* Returns the operands, NULL-terminated, each pattern replaced by the batches of the root that it matches, job-2 before
 * job-10. The list and its names are not freed. A pattern that matches none ends the program (EX_NOINPUT). */
char **batch_patterns_expand(const struct root *root, char *const *operands);

/* Returns the batches of the root that the operand, a name or a pattern, stands for and that exist, in the same form
 * and order. The list may be empty. */
char **batch_patterns_find(const struct root *root, const char *operand);

#endif
