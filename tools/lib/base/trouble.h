/*
 * trouble: tells failures of this machine from failures of the source that was asked for.
 */
#ifndef BI_TROUBLE_H
#define BI_TROUBLE_H

#include <errno.h>
#include <stdbool.h>

/* The error code of a failure of this machine (bi-records(5)). It is transient. */
#define TROUBLE_CODE "system_error"

/* The error code of an item that was not requested, because its host asks to be left alone for longer than the program
 * may wait (bi-records(5)). It is transient. */
#define HOST_BUSY_CODE "host_busy"

/* Returns whether ERROR, the errno of opening or reading a source, is a failure of this machine: descriptors, memory
 * or space are lacking, or a disk or network file system failed. ENOENT, EACCES and the like are failures of the
 * source. */
bool trouble_is_local(int error);

/* The errno of data in a format that this version does not know. No system call on files sets it. */
#define TROUBLE_NEWER EPROTONOSUPPORT

/* Returns the words for ERROR, an errno: those of strerror(3), and others for TROUBLE_NEWER. */
const char *trouble_reason(int error);

#endif
