/*
 * local: files of this machine, copied a piece a turn, so that transfers go on beside them.
 *
 * A file is cloned (FICLONE, if the file system can share blocks), else copied by the kernel (copy_file_range), else
 * read and written. It is never linked, because its user may still write to it. After the first two, the copy is read
 * back for its hash. Uploads belong to the batch, and are not copied (upload.h).
 */
#ifndef BI_LOCAL_H
#define BI_LOCAL_H

#include "job.h"

struct local;

/* Creates the stage, which local_end() frees. Jobs that are copied or have failed are added to FINISHED, with a
 * verdict. */
struct local *local_new(struct run *run, struct job_list *finished);

/* Whether J's bytes are a file of this machine. */
bool local_is(const struct job *j);

/* Starts to copy J's file. J may fail during the call. */
void local_begin(struct local *l, struct job *j);

/* Frees L and its jobs. */
void local_end(struct local *l);

#endif
