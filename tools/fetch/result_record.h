/*
 * result_record: result records (bi-records(5)): of jobs that ended, and those that are stored.
 */
#ifndef BI_RESULT_RECORD_H
#define BI_RESULT_RECORD_H

#include "job.h"

/* Returns the result record of an ended job: what came out, then what was asked. For free(). */
char *result_line(const struct job *j);

/* Sets the members of EXTRA, an object, in the RECORD. */
void result_add_members(struct buf *record, struct json_object *extra);

/* Reads the last result of an item whose state says that it is done into LINE, and sets COMPLETED. Returns 1; 0 if the
 * state disagreed with the results, as after a power cut, and has been corrected: the item must be read again; 2 if
 * it was removed, and nothing is to be said of it; -1 after run_fail(). */
int result_read_stored(struct run *run, struct target *t, uint32_t item, struct buf *line, bool *completed);

#endif
