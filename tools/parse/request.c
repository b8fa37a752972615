#include "request.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"

enum { LATE = REQUEST_SECONDS * 2 / 3 };

bool
request_read(const struct request *r, struct doc *d, size_t max, struct buf *out, bool *cut)
{
	buf_clear(out);
	while (out->len <= max) {
		size_t want = max + 1 - out->len < (1 << 20) ? max + 1 - out->len : 1 << 20;
		ssize_t n = pread(r->in, buf_room(out, want), want, (off_t)out->len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return doc_unread(d, errno);
		if (n == 0)
			break;
		out->len += (size_t)n;
	}
	*cut = out->len > max;
	if (*cut)
		out->len = max;
	buf_str(out, "");
	return true;
}

void *
request_map(const struct request *r, struct doc *d, size_t *n)
{
	struct stat st;
	void *bytes;

	if (fstat(r->in, &st) < 0) {
		doc_unread(d, errno);
		return NULL;
	}
	if (st.st_size <= 0) {
		doc_fail(d, "damaged", "it is empty");
		return NULL;
	}
	*n = (size_t)st.st_size;
	bytes = mmap(NULL, *n, PROT_READ, MAP_PRIVATE, r->in, 0);
	if (bytes != MAP_FAILED)
		return bytes;
	if (errno != ENOMEM)
		doc_unread(d, errno);
	else
		doc_fail(d, "memory", "it has %zu bytes, which is too large to parse", *n);
	return NULL;
}

bool
request_is_named(const struct request *r, const char *list)
{
	const char *dot = strrchr(r->name, '.');
	char word[16];

	if (!dot || strlen(dot) > 10 || strlen(dot) < 2)
		return false;
	snprintf(word, sizeof(word), " %s ", dot + 1);
	return strcasestr(list, word) != NULL;
}

static double began; /* when the document began, in processor time */

void
request_start_clock(void)
{
	began = clock_processor_seconds();
}

bool
request_is_late(void)
{
	return clock_processor_seconds() - began > LATE;
}
