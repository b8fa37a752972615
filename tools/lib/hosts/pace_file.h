/*
 * pace_file: the files hosts/KEY of a root: until when a host is held back, and what was used of its pace and bytes.
 *
 * A file is one line: three moments in microseconds of CLOCK_REALTIME, then the key of the host (host_limits.h). Files
 * of earlier versions have no key. Who writes a file holds its lock; who only reads needs none.
 */
#ifndef BI_PACE_FILE_H
#define BI_PACE_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/* A hold-back further ahead than this was written by a clock that was wrong. */
enum { PACE_HOLD_MAX_MS = 24 * 3600 * 1000, PACE_PATIENCE_MS = 500 };

/* So much of the bytes of a host may be used ahead. */
#define PACE_SPENT_MAX_US (INT64_C(1000000) * 3600)

struct pace {
	int64_t not_before; /* no transfer starts before; 0: the host is not held back */
	int64_t next_start;
	int64_t spent; /* the moment by which the bytes that were received might have been */
};

/* Returns the present moment, in microseconds of CLOCK_REALTIME. */
int64_t pace_now(void);

/* Returns the milliseconds from NOW until MOMENT, rounded up; 0 if it has passed. */
int64_t pace_ms_until(int64_t moment, int64_t now);

/* Opens the file FILE of the directory DIR and locks it. With MAKE it is made if it is missing. Returns a descriptor,
 * or -1 with errno: EAGAIN if another process has it locked for longer than PATIENCE milliseconds. */
int pace_open(int dir, const char *file, bool make, int patience);

/* Reads FD into P. What is not a pace counts as an empty one, and so does a moment too far ahead of NOW. With KEY,
 * which may be NULL, it also appends the key; nothing where the file has none. Returns 0, or -1 with errno. */
int pace_read(int fd, int64_t now, struct pace *p, struct buf *key);

/* Writes P and KEY to FD, which is locked. Returns 0, or -1 with errno. */
int pace_write(int fd, const struct pace *p, const char *key);

#endif
