/*
 * trouble: whether a failure is this machine's, or that of what was asked for.
 */
#ifndef BI_TROUBLE_H
#define BI_TROUBLE_H

#include <stdbool.h>

/* The code of a failure that is this machine's (bi-records(5)): it may pass. */
#define TROUBLE_CODE "system_error"

/* Whether the errno ERROR, got while a source was opened or read, says nothing about the source: descriptors, memory
 * or room are lacking, or a disk or a network file system failed. ENOENT, EACCES and their like are the source's. */
bool trouble_is_local(int error);

#endif
