/*
 * held: the hosts that are held back, as bi-status shows them.
 */
#ifndef BI_HELD_H
#define BI_HELD_H

#include "base/buf.h"
#include "doctor_findings.h"
#include "files/root.h"

/* Appends a line for each host of ROOT that is held back, and one that says it if not all can be known. Appends nothing
 * if there is none. AT is what commands need to name the root: "", or "-r 'ROOT' ". Returns 0, or the exit code of what
 * could not be read. */
int held_print(const struct root *root, const char *at, struct buf *out);

/* Reports them to D as notes. */
void held_report(struct doctor *d);

#endif
