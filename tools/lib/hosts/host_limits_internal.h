/*
 * host_limits_internal: declarations that only host_limits.c and host_slots.c share.
 */
#ifndef BI_HOST_LIMITS_INTERNAL_H
#define BI_HOST_LIMITS_INTERNAL_H

#include <sys/types.h>

#include "hosts/host_limits.h"

/* A stretch has a byte for each slot, then one for each cap, then one for each interval between two starts, in units of
 * 100 microseconds, and at its end those for the first process that waits with a slot, for the first that waits without
 * one, for the process that searches, and for all processes that wait. A stretch is 2^20 bytes, and offsets go up to
 * 2^63, so the hash has 43 bits. The kernel goes through all locks of a file at each call, so there are several files.
 */
enum {
	CAPS = HOST_LIMITS_SLOTS_MAX,
	PACES = 2 * HOST_LIMITS_SLOTS_MAX,
	UNIT_US = 100,
	INTERVAL_MAX = 1000000,
	STRETCH_BITS = 20,
	HASH_BITS = 63 - STRETCH_BITS,
	FIRST_WITH = (1 << STRETCH_BITS) - 4,
	FIRST_WITHOUT = (1 << STRETCH_BITS) - 3,
	LOOKING = (1 << STRETCH_BITS) - 2,
	WANTED = (1 << STRETCH_BITS) - 1,
	FILES = 64,
};

_Static_assert(PACES + INTERVAL_MAX < FIRST_WITH, "a stretch has room for each");

struct host_limit {
	struct host_limits *all;
	int locks; /* the file of slots/ that has the stretch; ALL owns it */
	char *key;
	char *file; /* in hosts/ */
	off_t stretch;
	unsigned cap;
	unsigned interval;      /* between two starts, in units; 0: no limit */
	unsigned held;          /* slots that this process holds */
	bool wants;             /* this process holds WANTED */
	int first;              /* FIRST_WITH or FIRST_WITHOUT, if this process holds it; else 0 */
	int64_t stand_back;     /* until this moment of clock_ms(), slots are left to others */
	int pace;               /* the slowest interval when ask_pace() looked; -1: not known */
	int64_t believed_until; /* see slot_retake() */
	int64_t unspent_us;     /* what could not be counted in the file yet */
	unsigned char ours[HOST_LIMITS_SLOTS_MAX / 8]; /* which slots these are */
};

/* Returns 0 if a transfer may start now, as far as can be told without counting it; otherwise the milliseconds to wait.
 * -1 with errno. */
int64_t host_limits_ask_pace(struct host_limit *h);

/* Returns 0 if a transfer may start now, and counts it; otherwise the milliseconds to wait. -1 with errno. */
int64_t host_limits_count_start(struct host_limit *h);

#endif
