/*
 * dispatch: which stage of bi-fetch follows which.
 *
 *	intake, worker -> wants -> scheduler -> http, local, resume -> verdict -> commit -> output, stats
 *
 * Each stage has its own struct and header, and does not know the stages behind it. A stage is given work by a function
 * call, continues in the loop (base/loop.h), and adds finished work to lists. dispatch.c empties these lists, but the
 * scheduler takes the wanted items itself, as it needs them.
 *
 * A job is one item. The scheduler claims it and gives it a slot of its host. http.c or local.c fills its body
 * (body.h). verdict.c decides what the answer means. Jobs that are over go to the commit queue, and from there in
 * groups to a thread (commit.h), which types, validates, names, syncs and records them.
 *
 * The thread returns some jobs unrecorded: pages whose media become items (page.h), archives whose members become
 * items (archive_items.h), and with --through each published file (postprocess.h). These jobs come to the commit queue
 * a second time.
 */
#ifndef BI_DISPATCH_H
#define BI_DISPATCH_H

#include "lists.h"

/* Does what the command line says, and returns the exit code. Takes over LISTS, which is NULL with --resume and --work.
 * A signal ends the program. */
int dispatch_run(const struct settings *set, struct lists *lists);

#endif
