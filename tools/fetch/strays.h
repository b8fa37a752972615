/*
 * strays: members of archives that are still to be done although their archive has its result.
 */
#ifndef BI_STRAYS_H
#define BI_STRAYS_H

#include "job.h"
#include "run_queue.h"

/* Adds the members of the archive ARCHIVE of T that are not done to WANTS, each once in a run. */
void strays_want(struct run *run, struct run_queue *wants, struct target *t, uint32_t archive);

/* Notes that ITEM, a member of ARCHIVE, was just added to T. */
void strays_add(struct target *t, uint32_t archive, uint32_t item);

#endif
