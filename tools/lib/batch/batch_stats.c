#include "batch/batch_stats.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/scan.h"
#include "base/when.h"
#include "batch/batch_stats_file.h"
#include "files/append.h"
#include "files/file.h"

enum {
	TAIL_FIRST = 1 << 16, /* bytes before the end of the file that a glance reads, then eight times that... */
	TAIL_MAX = 1 << 22,
	FEW = 10,     /* items in ten seconds; with fewer, no rate is given */
	SPAN_MIN = 3, /* seconds over which a rate is measured */
};

/* The file of statistics is written when the results that it does not have are so many bytes, and this part of all. So
 * it costs a part of what it costs to read these results, however many processes add to a batch. */
enum { KEEP_MIN = 1 << 18, KEEP_PART = 256 };

/* Untrusted text has no unescaped quote, so the first occurrence of a key in a line is ours. */

_Static_assert(BATCH_STATS_BUCKETS % 2 == 0, "buckets are joined by two");
_Static_assert(BATCH_STATS_RECENT >= BATCH_STATS_PACE_SECONDS, "the pace is that of seconds that are known");

static void
note_time(struct batch_stats *h, int64_t at, uint64_t bytes)
{
	size_t second = (size_t)(at % BATCH_STATS_RECENT), i;

	if (at <= 0)
		return;
	if (h->buckets == 0) {
		h->from = at;
		h->step = 1;
	}
	at = at < h->from ? h->from : at;
	while ((at - h->from) / h->step >= BATCH_STATS_BUCKETS) {
		/* Merges each two buckets into one of twice the time. */
		for (size_t k = 0; k < BATCH_STATS_BUCKETS; k += 2) {
			h->items_in[k / 2] = h->items_in[k] + h->items_in[k + 1];
			h->bytes_in[k / 2] = h->bytes_in[k] + h->bytes_in[k + 1];
		}
		memset(h->items_in + BATCH_STATS_BUCKETS / 2, 0, sizeof(h->items_in) / 2);
		memset(h->bytes_in + BATCH_STATS_BUCKETS / 2, 0, sizeof(h->bytes_in) / 2);
		h->buckets = (h->buckets + 1) / 2;
		h->step *= 2;
	}
	i = (size_t)((at - h->from) / h->step);
	h->buckets = i + 1 > h->buckets ? i + 1 : h->buckets;
	h->items_in[i]++;
	h->bytes_in[i] += bytes;
	if (h->recent[second].at != at) {
		h->recent[second].at = at;
		h->recent[second].items = 0;
		h->recent[second].bytes = 0;
	}
	h->recent[second].items++;
	h->recent[second].bytes += bytes;
}

/* The kind of the failure CODE (N bytes), from 1; kinds for which there is no room count as the last. */
static unsigned char
kind_of(struct batch_stats *h, const char *code, size_t n)
{
	for (size_t i = 0; i < h->kinds_n; i++)
		if (strlen(h->kinds[i].code) == n && memcmp(h->kinds[i].code, code, n) == 0)
			return (unsigned char)(i + 1);
	if (h->kinds_n < BATCH_STATS_KINDS) {
		char *copy = buf_alloc(n + 1);

		memcpy(copy, code, n);
		h->kinds[h->kinds_n++].code = copy;
	}
	return (unsigned char)h->kinds_n;
}

/* Notes that item K failed as KIND says, or no longer does (0). */
static void
note_failure(struct batch_stats *h, uint32_t k, unsigned char kind)
{
	if (k >= h->room) {
		uint32_t room = h->room ? h->room : 1024;

		if (!kind)
			return;
		while (k >= room)
			room = room > UINT32_MAX / 2 ? UINT32_MAX : room * 2;
		h->failed = buf_realloc(h->failed, room);
		memset(h->failed + h->room, 0, room - h->room);
		h->room = room;
	}
	if (h->failed[k])
		h->kinds[h->failed[k] - 1].count--;
	if (kind)
		h->kinds[kind - 1].count++;
	h->failed[k] = kind;
}

/* Handles a line about item K: the kind of its failure. */
static void
take_kind(struct batch_stats *h, uint32_t k, const char *line, size_t n, bool completed)
{
	const char *code = completed ? NULL : scan_after(line, n, "\"code\":\"");
	const char *quote = code ? memchr(code, '"', (size_t)(line + n - code)) : NULL;

	if (completed)
		note_failure(h, k, 0);
	else if (quote)
		note_failure(h, k, kind_of(h, code, (size_t)(quote - code)));
	else
		note_failure(h, k, kind_of(h, "unknown", 7));
}

static int64_t
finished_at(const char *line, size_t n)
{
	return when_parse(scan_after(line, n, "\"finished_at\":\""), line + n);
}

static void
take_result(struct batch_stats *h, const char *line, size_t n)
{
	char state = '\0';
	uint32_t k = batch_result_state(line, n, &state);
	bool completed = state == 'c';
	const char *end = line + n, *bytes;
	uint64_t size = 0;

	if (!k || k == UINT32_MAX)
		return;
	if (state != 'c' && state != 'f') { /* removed or added again: nothing was fetched */
		note_failure(h, k, 0);
		return;
	}
	if (completed && (bytes = scan_after(line, n, "\"bytes\":")))
		for (; bytes < end && *bytes >= '0' && *bytes <= '9'; bytes++)
			size = size * 10 + (uint64_t)(*bytes - '0');
	take_kind(h, k, line, n, completed);
	h->bytes += size;
	note_time(h, finished_at(line, n), size);
}

static void
forget_results(struct batch_stats *h)
{
	for (size_t i = 0; i < h->kinds_n; i++)
		free(h->kinds[i].code);
	free(h->failed);
	*h = (struct batch_stats){.fd = h->fd};
}

/* Opens the file unless it is open. 0 with its ST, 1 if there is no file, -1 with errno. */
static int
open_file(struct batch_stats *h, int dir, struct stat *st)
{
	if (h->fd < 0)
		h->fd = openat(dir, "results.ndjson", O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (h->fd < 0)
		return errno == ENOENT ? 1 : -1;
	if (fstat(h->fd, st) < 0)
		return -1;
	if (!h->ino)
		batch_stats_load(h, dir);
	if (st->st_size < h->read_to || (h->ino && (st->st_ino != h->ino || st->st_dev != h->dev)))
		forget_results(h);
	h->ino = st->st_ino;
	h->dev = st->st_dev;
	return 0;
}

struct reading {
	struct batch_stats *h;
	off_t until; /* 0: the end of the file */
};

static bool
take_some(off_t at, const char *line, size_t n, void *arg)
{
	const struct reading *r = arg;

	take_result(r->h, line, n);
	return !r->until || at + (off_t)n < r->until;
}

/* 1 if there may be more, 0, or -1. */
static int
read_on(struct batch_stats *h, off_t most)
{
	struct reading r = {.h = h, .until = most ? h->read_to + most : 0};
	off_t end = append_each(h->fd, h->read_to, take_some, &r);

	if (end < 0) {
		forget_results(h); /* a part was taken in */
		return -1;
	}
	h->read_to = end;
	return r.until && end >= r.until;
}

int
batch_stats_refresh(struct batch_stats *h, int dir, off_t most)
{
	struct stat st;
	int rc = open_file(h, dir, &st);

	if (rc || st.st_size == h->read_to)
		return rc < 0 ? -1 : 0;
	return read_on(h, most);
}

/* --- a glance --- */

struct first {
	off_t at;
	int64_t time;
};

/* Stores the first complete line with a time: the reading may have begun in the middle of the line before it. */
static bool
take_first(off_t at, const char *line, size_t n, void *arg)
{
	struct first *f = arg;

	f->time = f->at < 0 ? 0 : finished_at(line, n);
	f->at = at;
	return f->time == 0;
}

/* The offset of a line after which all items of the last minute are; at most TAIL_MAX bytes before the end. */
static off_t
find_tail(const struct batch_stats *h, const struct stat *st)
{
	int64_t since = time(NULL) - BATCH_STATS_PACE_SECONDS;

	if (st->st_mtime < since)
		return st->st_size;
	for (off_t n = TAIL_FIRST; n < st->st_size; n *= 8) {
		struct first f = {.at = -1};

		if (append_each(h->fd, st->st_size - n, take_first, &f) < 0)
			return 0;
		if (f.at >= 0 && (f.time < since || n >= TAIL_MAX))
			return f.at;
	}
	return 0;
}

/* The kind of the failure of item K, if results.index leads to it. 0, or -1 with errno. */
static int
take_failure(struct batch_stats *h, const struct batch *b, uint32_t k, struct buf *line)
{
	off_t at = batch_result_offset(b, k);
	char state;

	if (at < 0 || append_line(h->fd, at, line) < 0)
		return errno == ENOENT ? 0 : -1;
	if (batch_result_state(line->data, line->len, &state) == k && (state == 'c' || state == 'f'))
		take_kind(h, k, line->data, line->len, state == 'c');
	return 0;
}

/* Counts the kinds of all results to which results.index leads. 0, or -1 with errno. */
static int
take_failed(struct batch_stats *h, const struct batch *b)
{
	struct buf line = {0};
	int64_t k = 0;
	int rc = 0;

	while (rc == 0 && k < UINT32_MAX && (k = batch_find_state(b, (uint32_t)k + 1, 'f')) > 0)
		rc = take_failure(h, b, (uint32_t)k, &line);
	buf_free(&line);
	return k < 0 ? -1 : rc;
}

int
batch_stats_refresh_brief(struct batch_stats *h, const struct batch *b)
{
	struct stat st;
	off_t indexed, tail;
	bool is_first = !h->ino;
	int rc = open_file(h, batch_dirfd(b), &st);

	if (rc || st.st_size == h->read_to)
		return rc < 0 ? -1 : 0;
	if (is_first && st.st_size - h->read_to > TAIL_MAX) {
		/* What stats.index has is too little to be worth reading the results behind it. */
		forget_results(h);
		h->ino = st.st_ino;
		h->dev = st.st_dev;
	}
	if (h->read_to == 0) {
		indexed = batch_results_indexed(b);
		if (indexed < 0)
			return -1;
		tail = find_tail(h, &st);
		h->read_to = indexed < tail ? indexed : tail;
		if (h->read_to > 0 && take_failed(h, b) < 0) {
			forget_results(h);
			return -1;
		}
	}
	return read_on(h, 0);
}

void
batch_stats_keep(const struct batch *b)
{
	struct batch_stats h = {.fd = -1};
	off_t reach = batch_stats_reach(batch_dirfd(b));
	struct stat st;

	if (file_stat(batch_dirfd(b), "results.ndjson", &st) == 1 &&
	    st.st_size - reach >= KEEP_MIN + st.st_size / KEEP_PART && batch_stats_refresh(&h, batch_dirfd(b), 0) == 0)
		batch_stats_save(&h, batch_dirfd(b));
	batch_stats_free(&h);
}

void
batch_stats_close_file(struct batch_stats *h)
{
	file_close(h->fd, 0);
	h->fd = -1;
}

/* --- what it says --- */

/* How many items finished in the SECONDS before NOW, and how long ago the first of them finished. */
static int64_t
sum_recent(const struct batch_stats *h, int64_t now, int64_t seconds, double *items, double *bytes)
{
	int64_t first = now;

	*items = *bytes = 0;
	for (size_t i = 0; i < BATCH_STATS_RECENT; i++) {
		/* The current second is not over, so its count would be too low. */
		if (h->recent[i].at < now - seconds || h->recent[i].at >= now)
			continue;
		*items += h->recent[i].items;
		*bytes += (double)h->recent[i].bytes;
		first = h->recent[i].at < first ? h->recent[i].at : first;
	}
	return now - first;
}

void
batch_stats_rate(const struct batch_stats *h, int64_t now, double *items, double *bytes)
{
	sum_recent(h, now, BATCH_STATS_RATE_SECONDS, items, bytes);
	*items /= BATCH_STATS_RATE_SECONDS;
	*bytes /= BATCH_STATS_RATE_SECONDS;
}

void
batch_stats_pace(const struct batch_stats *h, int64_t now, double *items, double *bytes)
{
	int64_t span = sum_recent(h, now, BATCH_STATS_RATE_SECONDS, items, bytes);

	if (*items < FEW)
		span = sum_recent(h, now, BATCH_STATS_PACE_SECONDS, items, bytes);
	span = span < SPAN_MIN ? SPAN_MIN : span;
	*items /= (double)span;
	*bytes /= (double)span;
}

void
batch_stats_print(const struct batch_stats *h, int64_t now, struct buf *out)
{
	double items, bytes;
	char from[WHEN_SIZE];
	const char *before = "";

	batch_stats_rate(h, now, &items, &bytes);
	buf_printf(out, ",\"bytes\":%llu", (unsigned long long)h->bytes);
	buf_str(out, ",\"failures\":{");
	for (size_t i = 0; i < h->kinds_n; i++) {
		if (!h->kinds[i].count)
			continue;
		buf_str(out, before);
		/* The text is still escaped as in the JSON string. */
		buf_printf(out, "\"%s\":%llu", h->kinds[i].code, (unsigned long long)h->kinds[i].count);
		before = ",";
	}
	buf_str(out, "}");
	buf_printf(out, ",\"rate\":{\"items\":%.1f,\"bytes\":%.0f},\"history\":", items, bytes);
	if (h->buckets == 0) {
		buf_str(out, "null");
		return;
	}
	buf_printf(out, "{\"from\":\"%s\",\"step\":%u,\"items\":[", when_print(from, h->from), h->step);
	for (size_t i = 0; i < h->buckets; i++)
		buf_printf(out, "%s%u", i ? "," : "", h->items_in[i]);
	buf_str(out, "],\"bytes\":[");
	for (size_t i = 0; i < h->buckets; i++)
		buf_printf(out, "%s%llu", i ? "," : "", (unsigned long long)h->bytes_in[i]);
	buf_str(out, "]}");
}

void
batch_stats_free(struct batch_stats *h)
{
	forget_results(h);
	batch_stats_close_file(h);
}
