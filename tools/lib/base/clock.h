/*
 * clock: the time that deadlines are counted by.
 */
#ifndef BI_CLOCK_H
#define BI_CLOCK_H

#include <stdint.h>

/* Milliseconds since some moment in the past, never set back (CLOCK_MONOTONIC). */
int64_t clock_ms(void);

/* The milliseconds that are left until the moment UNTIL of clock_ms(), for poll(2): never negative. */
int clock_left(int64_t until);

#endif
