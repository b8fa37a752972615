/*
 * clock: the clock for deadlines, and the processor time of this process.
 */
#ifndef BI_CLOCK_H
#define BI_CLOCK_H

#include <stdint.h>

/* Returns the milliseconds since some moment in the past. The clock is never set back (CLOCK_MONOTONIC). */
int64_t clock_ms(void);

/* Returns the milliseconds until the moment UNTIL of clock_ms(), as a timeout for poll(2): never negative. */
int clock_left(int64_t until);

/* Returns the seconds of processor time that this process has used. */
double clock_processor_seconds(void);

#endif
