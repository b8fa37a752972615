#include "base/bounds.h"

#include "base/opt.h"

enum { BATCH_MAX = 100000, SYNC_MAX = 3600, UPLOAD_MIN = 1024 };

static const long upload_max = 1L << 40;

const struct bounds bounds_usual = {.upload = (uint64_t)2 << 30, .batch = 10000, .sync_ms = 60000};

bool
bounds_option(struct bounds *b, int id, const struct opts *o)
{
	if (id == BOUNDS_MAX_BATCH)
		b->batch = (size_t)opt_number(o, 1, BATCH_MAX);
	else if (id == BOUNDS_MAX_UPLOAD)
		b->upload = (uint64_t)opt_bytes(o, UPLOAD_MIN, upload_max);
	else if (id == BOUNDS_SYNC_TIMEOUT)
		b->sync_ms = opt_milliseconds(o, 0, SYNC_MAX);
	else
		return false;
	return true;
}
