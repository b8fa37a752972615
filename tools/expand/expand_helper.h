/*
 * expand_helper: bi-expand --serve, the confined process that unpacks one archive.
 */
#ifndef BI_EXPAND_HELPER_H
#define BI_EXPAND_HELPER_H

#include <stdbool.h>

/* Confines this process and unpacks the one archive that comes over descriptor 0, to descriptor 0 (expand.h).
 * NAMES: names that are not UTF-8 are converted. */
_Noreturn void expand_serve(bool names);

#endif
