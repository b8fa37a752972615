/*
 * httpdate: when an HTTP server says to come again.
 */
#ifndef BI_HTTPDATE_H
#define BI_HTTPDATE_H

#include <stdint.h>
#include <time.h>

enum { HTTPDATE_RETRY_MAX = 24 * 3600 };

/* Returns the moment of a date in one of the three forms of RFC 9110, 5.6.7, read at the moment NOW (which decides what
 * century a year of two digits is in); -1 if it is not a date. */
time_t httpdate_parse(const char *value, time_t now);

/*
 * The seconds to wait by a Retry-After field, seen at the moment NOW: its number, or the time until its date; 0 for a
 * date in the past, at most HTTPDATE_RETRY_MAX. Returns -1 when it is neither.
 */
int64_t httpdate_retry_after(const char *value, time_t now);

#endif
