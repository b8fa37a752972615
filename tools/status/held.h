/*
 * held: the hosts that are held back, as bi-status shows them.
 */
#ifndef BI_HELD_H
#define BI_HELD_H

#include "base/buf.h"
#include "doctor_findings.h"
#include "files/root.h"

/* Appends a line for each host of ROOT that is held back, or one that says that this cannot be known. Appends nothing
 * if there is none. */
void held_print(const struct root *root, struct buf *out);

/* Reports them to D as notes. */
void held_report(struct doctor *d);

#endif
