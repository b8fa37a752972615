#include "limits.h"

#include <stdbool.h>

#include "opt.h"

enum { BATCH_MOST = 100000, SYNC_MOST = 3600, UPLOAD_LEAST = 1024 };

static const long upload_most = 1L << 40;

bool
limits_option(struct limits *l, int id, const struct opts *o)
{
	if (id == LIMITS_MAX_BATCH)
		l->batch = (size_t)opt_number(o, 1, BATCH_MOST);
	else if (id == LIMITS_MAX_UPLOAD)
		l->upload = (uint64_t)opt_bytes(o, UPLOAD_LEAST, upload_most);
	else if (id == LIMITS_SYNC_TIMEOUT)
		l->sync_ms = opt_milliseconds(o, 0, SYNC_MOST);
	else
		return false;
	return true;
}
