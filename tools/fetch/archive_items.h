/*
 * archive_items: archives that were fetched, unpacked so that each member is an item of its own (expand.h).
 *
 * The archive's item is recorded after its members. If a run ends between, the next run fetches and unpacks the archive
 * again, for the members that are not completed. If --resume meets a pending member of an archive that has its result,
 * the archive is unpacked again from its file in the batch.
 */
#ifndef BI_ARCHIVE_ITEMS_H
#define BI_ARCHIVE_ITEMS_H

#include "job.h"
#include "run_queue.h"

struct archives;

/* Creates the stage, which archives_end() frees. Members on which another process works are added to WANTS, members
 * that have a result to STORED, and jobs with a final verdict to ENDED. */
struct archives *archives_new(struct run *run, struct run_queue *wants, struct run_queue *stored,
			      struct job_list *ended);

/* Frees A and its jobs. */
void archives_end(struct archives *a);

/* Unpacks the archive J, which was fetched. J ends after its members. */
void archives_begin(struct archives *a, struct job *j);

/* Takes what has been unpacked, as far as there is ROOM. To be called each turn. */
void archives_turn(struct archives *a, const struct room *room);

/* Whether the member J, which is not claimed, must wait for its archive. If the archive had failed and is tried again,
 * RETRY is a claimed job for it, else NULL. */
bool archives_are_awaited(struct archives *a, const struct job *j, struct job **retry);

/* Takes a claimed member whose archive has its result. Unpacks the archive once more for all such members, and wants
 * the member again. If the archive was unpacked again before, J fails. */
void archives_unpack_again(struct archives *a, struct job *j);

/* Wants the members that are still to be done of the archive ITEM, whose result LINE was stored before. */
void archives_want_stored(struct archives *a, struct target *t, uint32_t item, const char *line, size_t n);

/* Forgets the archives of T, which is about to be closed. */
void archives_forget(struct archives *a, const struct target *t);

bool archives_are_empty(const struct archives *a);
bool archives_are_full(const struct archives *a); /* no further transfer should be started */

#endif
