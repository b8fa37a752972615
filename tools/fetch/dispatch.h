/*
 * dispatch: what comes after what in bi-fetch.
 *
 *	intake, worker -> wants -> scheduler -> http, local, resume -> verdict -> commit -> output, stats
 *
 * Each stage has a struct and a header of its own, and knows none of the others. It is given work by a function, takes
 *its turns in the loop (base/loop.h), and adds what it has done to lists that only dispatch.c empties.
 *
 * A job is one item. The scheduler claims it and gives it a slot of its host; http.c or local.c fills its body
 *(body.h); verdict.c says what the answer means. Jobs that are over meet in the commit queue; a thread (commit.h)
 *types, validates, names, syncs and records them a group at a time. It gives back unrecorded what something is to be
 *made of first: pages whose media become items (page.h), archives whose members do (archive_items.h), and with
 *--through each file that is published (postprocess.h). These jobs come to the commit queue once more.
 */
#ifndef BI_DISPATCH_H
#define BI_DISPATCH_H

#include "settings.h"

/* Does what the command line says, and returns the exit code. A signal ends the program. */
int dispatch_run(const struct settings *set, char **operands);

#endif
