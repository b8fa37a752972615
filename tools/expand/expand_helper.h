/*
 * expand_helper: bi-expand --serve, the confined process that unpacks one archive.
 */
#ifndef BI_EXPAND_HELPER_H
#define BI_EXPAND_HELPER_H

/* Confines this process and unpacks the one archive that comes over descriptor 0, to descriptor 0 (expand.h). */
_Noreturn void expand_serve(void);

#endif
