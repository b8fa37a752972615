/*
 * waits: says which hosts are waited for.
 */
#ifndef BI_WAITS_H
#define BI_WAITS_H

#include "host.h"

/* What was said last. Zeroed: nothing. */
struct waits {
	int64_t said;  /* on clock_ms() */
	int64_t until; /* the end of the wait that was named */
};

/* Appends which hosts are waited for, and until when, as a part of a line: "waiting for HOST until 12:30 and 2 others".
 * Appends nothing if there are none. */
void waits_describe(const struct host_table *hosts, struct buf *out);

/* Prints a line on stderr if a host is held back for more than 30 seconds, once for each hold-back and at most two a
 * minute. Call it about once a second where no progress line is drawn. */
void waits_say(struct waits *w, const struct host_table *hosts);

#endif
