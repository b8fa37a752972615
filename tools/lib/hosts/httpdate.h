/*
 * httpdate: when an HTTP server says to come again.
 */
#ifndef BI_HTTPDATE_H
#define BI_HTTPDATE_H

#include <stdint.h>
#include <time.h>

enum { HTTPDATE_RETRY_MAX = 24 * 3600 };

/* The moment of a date as curl_getdate() reads it: the three forms of RFC 9110, 5.6.7, and variants of them. A value
 * that does not begin with a letter, or has no time of day, is not a date. -1 for these and other text that is not a
 * date, 0 for dates before 1970. */
time_t httpdate_parse(const char *value);

/*
 * The seconds to wait by a Retry-After field, seen at the moment NOW: its number, or the time until its date; 0 for a
 * date in the past, at most HTTPDATE_RETRY_MAX. -1 if it is neither.
 */
int64_t httpdate_retry_after(const char *value, time_t now);

#endif
