/*
 * bounds: limits of one request over HTTP. bi-serve has the options --max-batch, --max-upload and --sync-timeout and
 * passes them on; bi-api enforces them.
 */
#ifndef BI_BOUNDS_H
#define BI_BOUNDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bounds {
	uint64_t upload; /* bytes of an upload's body */
	size_t batch;    /* items of a request */
	int64_t sync_ms; /* how long a request with one item waits for its result */
};

/* The limits that apply when no option is given. */
extern const struct bounds bounds_usual;

/* The ids of the three options in a program's table of options (opt.h). */
enum { BOUNDS_MAX_BATCH = 0x4000, BOUNDS_MAX_UPLOAD, BOUNDS_SYNC_TIMEOUT };

struct opts;

/* Sets the limit that the option ID names. Returns false if ID is not one of these options. An invalid value ends the
 * program. */
bool bounds_option(struct bounds *b, int id, const struct opts *o);

#endif
