/*
 * local: files of this machine, copied a piece a turn, so that transfers go on beside them.
 *
 * A file is cloned (FICLONE, where the file system shares blocks until one of the two is written to), else copied by
 * the kernel (copy_file_range), else read and written. It is never linked: what a user still writes to is not ours. In
 * the first two ways the hash is of what the copy has, read back. What was uploaded is ours (upload.h).
 */
#ifndef BI_LOCAL_H
#define BI_LOCAL_H

#include "job.h"

struct local;

/* Jobs that are copied or have failed are added to FINISHED, with their verdict. For local_end(). */
struct local *local_new(struct run *run, struct job_list *finished);

/* Whether J's bytes are a file of this machine. */
bool local_is(const struct job *j);

/* Begins to copy J's file, in the turns of the loop. It may have failed at once. */
void local_begin(struct local *l, struct job *j);

/* Frees L and the jobs in it. NULL does nothing. */
void local_end(struct local *l);

#endif
