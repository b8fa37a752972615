/*
 * archive_items: archives that were fetched, unpacked so that each member is an item of its own (expand.h).
 *
 * The archive's own item is recorded after its members: where a run ends in between, the next one fetches and unpacks
 * it again, for what is not completed. Members of an archive that has its result, met as pending by --resume, are
 * unpacked again from its file in the batch.
 */
#ifndef BI_ARCHIVE_ITEMS_H
#define BI_ARCHIVE_ITEMS_H

#include "job.h"
#include "run_queue.h"

struct archives;

/* Members that another process has are added to WANTS, those that have a result to STORED, and what has ended to ENDED.
 * For archives_end(). */
struct archives *archives_new(struct run *run, struct run_queue *wants, struct run_queue *stored,
			      struct job_list *ended);

/* Frees A and the jobs in it. NULL does nothing. */
void archives_end(struct archives *a);

/* Unpacks the archive J, which was fetched; it has ended after its members. */
void archives_begin(struct archives *a, struct job *j);

/* Takes what has been unpacked, as far as there is ROOM. */
void archives_turn(struct archives *a, const struct room *room);

/* Whether the member J, which is not claimed, has to wait for its archive. If that had failed and is to be tried again,
 * RETRY is a claimed job for it, else NULL. */
bool archives_are_awaited(struct archives *a, const struct job *j, struct job **retry);

/* J is a member, claimed, and pending though its archive has its result: that is unpacked once more for such members,
 * and the member wanted again; where that came to nothing before, J has ended. */
void archives_unpack_again(struct archives *a, struct job *j);

/* The result LINE of the archive ITEM was stored before: its members that are still to be done are wanted. */
void archives_want_stored(struct archives *a, struct target *t, uint32_t item, const char *line, size_t n);

/* T is to be closed: forgets what became of its archives. */
void archives_forget(struct archives *a, const struct target *t);

bool archives_are_empty(const struct archives *a);
bool archives_are_full(const struct archives *a); /* enough wait: start nothing more */

#endif
