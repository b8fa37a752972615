/*
 * resume: continues bodies where an earlier attempt stopped.
 *
 * Within a run a body that was cut short stays with its job. Large parts of killed and stopped runs lie in temp/
 * as BATCH.ITEM.part. A process that claims the item continues such a part by Range, if the note stored with the part
 * (atomic_file.h) has the digest of the same request. The note also has the validator that the server gave.
 */
#ifndef BI_RESUME_H
#define BI_RESUME_H

#include "job.h"

struct resume;

/* Creates the stage, which resume_end() frees. Jobs whose part has been read are added to FINISHED, as REDIRECTED. */
struct resume *resume_new(struct run *run, struct job_list *finished);

/* Starts to read the part that was left of J. Returns false if there is none: the attempt can start. */
bool resume_begin(struct resume *r, struct job *j);

/* Frees R and its jobs. */
void resume_end(struct resume *r);

/* Returns the byte from which J's next attempt continues; 0: it asks for all. Drops a body that is of no use. */
int64_t resume_from(struct job *j);

/* Checks the answer whose body begins against what was asked for, and against what earlier answers promised: status,
 * Content-Range, length and validator (RFC 9110, 14.4 and 15.3.7). Empties J's body if the answer has all; if that is
 * not possible, the run fails. Returns false if the answer does not fit: the next attempt is to ask for all. */
bool resume_check_answer(struct job *j);

/* Returns NULL if J's body has all bytes after an answer that has ended well, else what is wrong. */
const char *resume_check_end(struct job *j);

/* Gives the part of J's body, which has become large, a name, and a note if it can be continued. */
void resume_name_part(struct job *j);

/* Notes, after the verdict on an answer, whether and with which validator the body can be continued. */
void resume_note_answer(struct job *j);

/* Removes a part of J that lies in temp/ and is of no use, since J has all its bytes. */
void resume_drop_left(struct job *j);

#endif
