/*
 * when: times as records have them, "2026-11-22T15:16:16Z" (RFC 3339, UTC, whole seconds).
 */
#ifndef BI_WHEN_H
#define BI_WHEN_H

#include <time.h>

/* Bytes of such a text with its NUL: whole seconds, with milliseconds, with up to nine digits of a second, and as
 * when_print_local() has it. */
enum { WHEN_SIZE = 21, WHEN_MS_SIZE = WHEN_SIZE + 4, WHEN_EXACT_SIZE = WHEN_SIZE + 10, WHEN_LOCAL_SIZE = 32 };

/* Stores the moment T as text in ROOM and returns ROOM. The text is "" if the year is before 1900 or after 9999. */
const char *when_print(char room[WHEN_SIZE], time_t t);

/* The same as when_print() for the present moment. */
const char *when_now(char room[WHEN_SIZE]);

/* The same with milliseconds: "2026-11-22T15:16:16.123Z". */
const char *when_now_ms(char room[WHEN_MS_SIZE]);

/* The same as when_print() with the fraction of the second, without zeros at its end. Returns ROOM. */
const char *when_print_exactly(char room[WHEN_EXACT_SIZE], const struct timespec *t);

/* Stores the moment T in ROOM as people read it, in local time: "12:30", or "2026-12-01 12:30" if it is not today.
 * Returns ROOM. */
const char *when_print_local(char room[WHEN_LOCAL_SIZE], time_t t);

/* Returns the moment that the text from AT to END begins with; 0 if AT is NULL or the text does not begin with one. */
time_t when_parse(const char *at, const char *end);

#endif
