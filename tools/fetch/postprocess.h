/*
 * postprocess: results on their way through --through PROGRAM, between the writer's first look at a job, which
 * publishes its file, and its second, which records it.
 *
 * Jobs wait in one queue and go to the co-process (coprocess.h) that has the fewest. A co-process answers in order. So
 * if it fails, the first job that it has not answered is to blame, and its other jobs go to another co-process.
 */
#ifndef BI_POSTPROCESS_H
#define BI_POSTPROCESS_H

#include "job.h"

struct postprocess;

/* Starts the first co-process, and ends the program if that fails. Jobs that are answered or have failed are added to
 * ENDED. postprocess_drop() frees the stage. */
struct postprocess *postprocess_open(struct run *run, struct job_list *ended);

/* Queues J for the program. */
void postprocess_add(struct postprocess *p, struct job *j);

/* Takes answers as far as there is ROOM, and gives jobs to co-processes. To be called each turn. LAST: no other work of
 * the run is left. */
void postprocess_turn(struct postprocess *p, const struct room *room, bool last);

bool postprocess_is_empty(const struct postprocess *p);
bool postprocess_is_full(const struct postprocess *p); /* no further transfer should be started */

/* Waits until the co-processes have ended, or a signal comes. */
void postprocess_finish(struct postprocess *p);

/* Ends the co-processes and frees P. Its jobs stay pending. NULL does nothing. */
void postprocess_drop(struct postprocess *p);

#endif
