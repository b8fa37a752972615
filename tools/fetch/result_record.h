/*
 * result_record: result records (bi-records(5)): of jobs that ended, and those that are stored.
 */
#ifndef BI_RESULT_RECORD_H
#define BI_RESULT_RECORD_H

#include "job.h"

/* Returns the result record of an ended job: what came out, then what was asked. For free(). */
char *result_line(const struct job *j);

/* Reads the last result of an item whose state says that it is done into LINE; COMPLETED: it is no failure. 1; 0 where
 * the state was wrong, as a power cut may leave it, and is brought up to the results now: the item is pending or has
 * another result; -1 after run_fail(). */
int result_read_stored(struct run *run, struct target *t, uint32_t item, struct buf *line, bool *completed);

#endif
