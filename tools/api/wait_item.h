/*
 * wait_item: the only item of a job, which the client waits for.
 */
#ifndef BI_WAIT_ITEM_H
#define BI_WAIT_ITEM_H

#include <stdbool.h>
#include <stdint.h>

#include "submission.h"

/* Begins to wait for the only item, woken by the inotify descriptor INO where that is not -1. */
void wait_item_begin(struct submission *h, int ino);

/* Returns whether there is an answer. It does not wait for anything. */
bool wait_item_has_ended(const struct submission *h);

/* Looks at it. True once the reply is what became of it. It may wait for the disk and for the lock of the notebook. */
bool wait_item_look(struct submission *h);

/* When to look again at the latest, on clock_ms(). */
int64_t wait_item_until(const struct submission *h);
void wait_item_end(struct submission *h, int ino);

#endif
