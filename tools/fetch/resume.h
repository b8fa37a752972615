/*
 * resume: bodies that go on where an attempt before stopped.
 *
 * Within a run a body that was cut short stays with its job. Large parts that killed and stopped runs left lie in temp/
 * as BATCH.ITEM.part; whoever claims the item goes on with them by Range, if the note stored with them (atomic_file.h)
 * is about what it would ask for: a digest of that, and the validator that the server gave.
 */
#ifndef BI_RESUME_H
#define BI_RESUME_H

#include "job.h"

struct resume;

/* Jobs whose part was taken up are added to FINISHED, REDIRECTED. For resume_end(). */
struct resume *resume_new(struct run *run, struct job_list *finished);

/* Takes up what was left of J, in the turns of the loop. False: nothing was, its attempt can begin. */
bool resume_begin(struct resume *r, struct job *j);

/* Frees R and the jobs in it. NULL does nothing. */
void resume_end(struct resume *r);

/* The byte from which J's next attempt goes on; 0: it asks for all. A body that is of no use any more is dropped. */
int64_t resume_from(struct job *j);

/* J's body has become large: its part gets a name, and a note of what it is where it can be gone on with. */
void resume_name_part(struct job *j);

/* After the verdict on an answer: notes whether and by what the body can be gone on with. */
void resume_note_answer(struct job *j);

/* J has all its bytes: a part of it that lies in temp/ is of no use. */
void resume_drop_left(struct job *j);

#endif
