/*
 * taken_record: the file and the result record of an item that was taken from a part (take_part.h).
 */
#ifndef BI_TAKEN_RECORD_H
#define BI_TAKEN_RECORD_H

#include "job.h"

/* Gives the file of the part the name of J in the directory DIR of the batch: shares its blocks, or links it, or copies
 * it. SYNC: the bytes are on the disk first. Returns 0, or -1 with errno. */
int taken_publish(struct job *j, int dir, bool sync);

/* Returns the result record of the part as that of J. For free(). */
char *taken_line(const struct job *j);

#endif
