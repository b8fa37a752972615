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

/* Looks at it. True once the reply is what became of it. */
bool wait_item_look(struct submission *h);

/* When to look again at the latest, on clock_ms(). */
int64_t wait_item_until(const struct submission *h);
void wait_item_end(struct submission *h, int ino);

#endif
