/*
 * held: the hosts that are held back, as bi-status shows them.
 */
#ifndef BI_HELD_H
#define BI_HELD_H

#include "base/buf.h"
#include "doctor_findings.h"
#include "files/root.h"

/* Appends a line for each host of ROOT that is held back, and one that says it if not all can be known. Appends nothing
 * if there is none. Returns 0, or the exit code of what could not be read. */
int held_print(const struct root *root, struct buf *out);

/* Reports them to D as notes. */
void held_report(struct doctor *d);

#endif
