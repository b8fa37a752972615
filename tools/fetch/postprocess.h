/*
 * postprocess: results on their way through --through PROGRAM, between the writer's first look at a job, which
 * publishes its file, and its second, which records it.
 *
 * Jobs wait in one line and go to the co-process (coprocess.h) that has the fewest. Each answers in order, so what it
 * does wrong is the fault of the first that it was given and has not answered; the others go to the next one.
 */
#ifndef BI_POSTPROCESS_H
#define BI_POSTPROCESS_H

#include "job.h"

struct postprocess;

/* Starts the first co-process. Ends the program where that cannot be done. Jobs that are answered, or have failed, are
 * added to ENDED. For postprocess_drop(). */
struct postprocess *postprocess_open(struct run *run, struct job_list *ended);

/* Has J go through the program. */
void postprocess_add(struct postprocess *p, struct job *j);

/* Takes answers as far as there is ROOM, and gives what there is room for. LAST: nothing of the run is left but what P
 * has.
 */
void postprocess_turn(struct postprocess *p, const struct room *room, bool last);

bool postprocess_is_empty(const struct postprocess *p);
bool postprocess_is_full(const struct postprocess *p); /* it is behind: start nothing more */

/* Lets the co-processes come to their end, unless a signal comes. */
void postprocess_finish(struct postprocess *p);

/* Ends them and frees P; jobs stay pending. NULL does nothing. */
void postprocess_drop(struct postprocess *p);

#endif
