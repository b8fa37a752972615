/*
 * result_record: result records (bi-records(5)): of jobs that ended, and those that are stored.
 */
#ifndef BI_RESULT_RECORD_H
#define BI_RESULT_RECORD_H

#include "job.h"

/* Returns the result record of an ended job: what came out, then what was asked. For free(). */
char *result_line(const struct job *j);

/* Adds the member "file_id" of the file that J has to O. */
void result_add_file_id(struct json_object *o, const struct job *j);

/* Sets the members of EXTRA, an object, in the RECORD. */
void result_add_members(struct buf *record, struct json_object *extra);

/* Stores the last result of an item whose state says that it is done in LINE. R and TEXT are what batch_results_ahead()
 * read of it; what that did not read is read now. Returns 1; 0 if the state disagreed with the results, as after a
 * power cut, and has been corrected: the item must be read again; 2 if it was removed, and nothing is to be said of it;
 * -1 after run_fail(). */
int result_take_stored(struct run *run, struct target *t, struct batch_known_result *r, const struct buf *text,
		       struct buf *line);

#endif
