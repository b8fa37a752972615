/*
 * take_content: what bi-parse made of an item that is taken from a part (from_parts.h): content/, bi-batch(5).
 */
#ifndef BI_TAKE_CONTENT_H
#define BI_TAKE_CONTENT_H

#include "job.h"

/* Copies the content file of the item, and its pictures, to the batch of J, if the part has them, and notes that in J's
 * TAKEN. The content gets a number of this root. Returns 0, or -1 with errno. */
int take_part_content(struct job *j);

#endif
