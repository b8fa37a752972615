/*
 * list: what bi-expand prints of archives without unpacking them.
 */
#ifndef BI_EXPAND_LIST_H
#define BI_EXPAND_LIST_H

#include <stdbool.h>

#include "confined/expand.h"

/* Says what is in the archives that OPERANDS name, or standard input where there are none; as records with JSON, else
 * as a table. LIMITS: of each. Returns the exit code. */
int list_archives(char **operands, const struct expand_limits *limits, bool json);

#endif
