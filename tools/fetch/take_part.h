/*
 * take_part: items that a part has (from_parts.h) are taken from there instead of being fetched.
 *
 * The file of the part is opened and read for its digest. What was parsed of it is copied, and what was found on a page
 * or in an archive becomes items of the batch, before the job is handed on to be recorded. taken_record.h publishes the
 * file and prints the record.
 */
#ifndef BI_TAKE_PART_H
#define BI_TAKE_PART_H

#include "from_parts.h"
#include "job.h"

struct take_part;

/* Creates the stage, which take_part_end() frees. Jobs that are taken are added to ENDED, with a verdict; jobs whose
 * item turns out not to be in a part are added to MISSED, claimed. */
struct take_part *take_part_new(struct run *run, struct from_parts *parts, struct job_list *ended,
				struct job_list *missed);
void take_part_end(struct take_part *t);

/* Looks up the item of J, and notes in J what a part has of it. Returns false if no part has it, and after
 * run_fail(). */
bool take_part_find(struct take_part *t, struct job *j);

/* Takes the item of J, which is claimed and was found. */
void take_part_begin(struct take_part *t, struct job *j);

/* Goes on with what has begun, as far as there is ROOM. To be called each turn. */
void take_part_turn(struct take_part *t, const struct room *room);

/* Returns how many more jobs the stage accepts. */
int take_part_room(const struct take_part *t);
bool take_part_is_empty(const struct take_part *t);

#endif
