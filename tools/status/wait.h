/*
 * wait: waits until batches are done.
 */
#ifndef BI_WAIT_H
#define BI_WAIT_H

#include "chosen.h"

/*
 * Waits until the chosen batches are done, MS milliseconds at most (-1: for ever). Returns an exit code: 0 when
 * they are, EX_TEMPFAIL when the time was over, EX_NOINPUT for a batch that was taken away; what was wrong has been
 * said then. One that is not there ends the program with EX_NOINPUT.
 */
int batches_wait(const struct chosen *c, long ms);

#endif
