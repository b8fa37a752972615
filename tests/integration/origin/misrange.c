/*
 * misrange: answers to requests for a range that are right or wrong in each of the things that they promise.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../server/server.h"
#include "origin.h"

enum { OTHER_BYTES = 7, SHIFT = 1000 };

static bool
is(const char *word, const char *what)
{
	return strcmp(word, what) == 0;
}

/* The Content-Range, for what is sent from FROM on; the last byte of it is set in LAST. */
static void
say_range(struct answer *a, const char *range, long long *from, long long *last)
{
	long long total = a->bytes;

	if (is(range, "shifted"))
		*from += *from + SHIFT < a->bytes ? SHIFT : 1;
	if (is(range, "short"))
		*last = *from + (a->bytes - *from) / 2 - 1;
	if (is(range, "total"))
		total *= 2;
	if (!is(range, "no"))
		snprintf(a->content_range, sizeof(a->content_range), "bytes %lld-%lld/%lld", *from, *last, total);
}

void
misrange_plan(struct answer *a, const char *request)
{
	struct misrange *m = &a->misrange;
	char range[80];
	long long from = 0, last = a->bytes - 1;
	bool asked = header_of(request, "\r\nRange:", range, sizeof(range));

	if (m->unasked ? m->before > 0 : !asked)
		return;
	if (asked)
		from = strtoll(range + 6, NULL, 10);
	a->status = m->status;
	/* Whoever does not have the same has other bytes. */
	snprintf(a->etag, sizeof(a->etag), "%s\"%x\"", is(m->validator, "weak") ? "W/" : "",
		 a->seed + (is(m->validator, "changed") ? OTHER_BYTES : 0));
	if (is(m->validator, "no"))
		snprintf(a->etag, sizeof(a->etag), "-");
	if (!is(m->validator, "same"))
		a->seed += OTHER_BYTES;
	say_range(a, m->range, &from, &last);
	a->from = m->whole ? 0 : from;
	a->to = m->whole ? a->bytes : last + 1;
	a->cut = -1;
	a->nolength = is(m->length, "none");
	if (is(m->length, "short"))
		a->says = (a->to - a->from) / 2 - 1; /* the length of no part */
}
