/*
 * bounds: how much may be handed in over HTTP at once, which bi-serve says and bi-api keeps to: --max-batch,
 * --max-upload and --sync-timeout.
 */
#ifndef BI_BOUNDS_H
#define BI_BOUNDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bounds {
	uint64_t upload; /* bytes of an upload's body */
	size_t batch;    /* items of a request */
	int64_t sync_ms; /* how long a request for one item waits for it */
};

/* What they are where nothing is said. */
extern const struct bounds bounds_usual;

/* What a program's table of options (opt.h) has as the ids of those three. */
enum { BOUNDS_MAX_BATCH = 0x4000, BOUNDS_MAX_UPLOAD, BOUNDS_SYNC_TIMEOUT };

struct opts;

/* Takes the option ID if it is one of these. Whether it was; a wrong value ends the program. */
bool bounds_option(struct bounds *b, int id, const struct opts *o);

#endif
