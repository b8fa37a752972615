/*
 * limits: what may be handed in over HTTP at once, which bi-serve says and bi-api keeps to.
 */
#ifndef BI_LIMITS_H
#define BI_LIMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct limits {
	uint64_t upload; /* bytes of an upload's body */
	size_t batch;    /* items of a request */
	int64_t sync_ms; /* how long a request for one item waits for it */
};

/* What they are where nothing is said. */
#define LIMITS_USUAL {.upload = (uint64_t)2 << 30, .batch = 10000, .sync_ms = 60000}

/* The ids of the options that say it, and their lines of a program's table (opt.h), in the order of their names. */
enum { LIMITS_MAX_BATCH = 0x4000, LIMITS_MAX_UPLOAD, LIMITS_SYNC_TIMEOUT };
#define LIMITS_OPT_MAX_BATCH {LIMITS_MAX_BATCH, "max-batch", "N", "the most items that a request hands in (10000)"}
#define LIMITS_OPT_MAX_UPLOAD {LIMITS_MAX_UPLOAD, "max-upload", "BYTES", "the most bytes of an upload (2G)"}
#define LIMITS_OPT_SYNC_TIMEOUT \
	{LIMITS_SYNC_TIMEOUT, "sync-timeout", "SECONDS", "how long a request for one item waits for it (60)"}

struct opts;

/* Takes the option ID if it is one of these. Whether it was; a wrong value ends the program. */
bool limits_option(struct limits *l, int id, const struct opts *o);

#endif
