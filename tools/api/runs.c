#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "api.h"
#include "append.h"
#include "scan.h"

/* No text of a stranger's has a bare quote in it, so that the first place of a key in a line is ours. */

/* Seconds since 1970 of "2026-11-22T15:16:16Z"; 0 where it is none. */
static int64_t
take_time(const char *at, const char *end)
{
	char text[32] = "";
	struct tm tm = {0};
	const char *rest;

	if (!at || end - at < 20)
		return 0;
	memcpy(text, at, 20);
	rest = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm);
	return rest && !*rest ? timegm(&tm) : 0;
}

/* Two buckets become one of twice the time. */
static void
widen(struct runs *r)
{
	for (size_t i = 0; i < RUNS_BUCKETS; i += 2) {
		r->items_in[i / 2] = r->items_in[i] + r->items_in[i + 1];
		r->bytes_in[i / 2] = r->bytes_in[i] + r->bytes_in[i + 1];
	}
	memset(r->items_in + RUNS_BUCKETS / 2, 0, sizeof(r->items_in) / 2);
	memset(r->bytes_in + RUNS_BUCKETS / 2, 0, sizeof(r->bytes_in) / 2);
	r->buckets = (r->buckets + 1) / 2;
	r->step *= 2;
}
_Static_assert(RUNS_BUCKETS % 2 == 0, "buckets are joined by two");

static void
note_time(struct runs *r, int64_t at, uint64_t bytes)
{
	size_t second = (size_t)(at % RUNS_RECENT), i;

	if (at <= 0)
		return;
	if (r->buckets == 0) {
		r->from = at;
		r->step = 1;
	}
	at = at < r->from ? r->from : at;
	while ((at - r->from) / r->step >= RUNS_BUCKETS)
		widen(r);
	i = (size_t)((at - r->from) / r->step);
	r->buckets = i + 1 > r->buckets ? i + 1 : r->buckets;
	r->items_in[i]++;
	r->bytes_in[i] += bytes;
	if (r->recent[second].at != at) {
		r->recent[second].at = at;
		r->recent[second].items = 0;
		r->recent[second].bytes = 0;
	}
	r->recent[second].items++;
	r->recent[second].bytes += bytes;
}

/* The kind of failure CODE (N bytes), from 1; those beyond what there is room for are the last. */
static unsigned char
kind_of(struct runs *r, const char *code, size_t n)
{
	for (size_t i = 0; i < r->kinds_n; i++)
		if (strlen(r->kinds[i].code) == n && memcmp(r->kinds[i].code, code, n) == 0)
			return (unsigned char)(i + 1);
	if (r->kinds_n < RUNS_KINDS) {
		char *copy = buf_alloc(n + 1);

		memcpy(copy, code, n);
		r->kinds[r->kinds_n++].code = copy;
	}
	return (unsigned char)r->kinds_n;
}

/* Notes that item K failed as KIND says, or no longer does (0). */
static void
note_failure(struct runs *r, uint32_t k, unsigned char kind)
{
	if (k >= r->room) {
		uint32_t room = r->room ? r->room : 1024;

		if (!kind)
			return;
		while (k >= room)
			room = room > UINT32_MAX / 2 ? UINT32_MAX : room * 2;
		r->failed = buf_realloc(r->failed, room);
		memset(r->failed + r->room, 0, room - r->room);
		r->room = room;
	}
	if (r->failed[k])
		r->kinds[r->failed[k] - 1].count--;
	if (kind)
		r->kinds[kind - 1].count++;
	r->failed[k] = kind;
}

static bool
take_result(off_t at, const char *line, size_t n, void *arg)
{
	struct runs *r = arg;
	bool completed = false;
	uint32_t k = batch_result_number(line, n, &completed);
	const char *end = line + n, *bytes, *code, *quote;
	uint64_t size = 0;

	(void)at;
	if (!k || k == UINT32_MAX)
		return true;
	if (completed && (bytes = scan_after(line, n, "\"bytes\":")))
		for (; bytes < end && *bytes >= '0' && *bytes <= '9'; bytes++)
			size = size * 10 + (uint64_t)(*bytes - '0');
	code = completed ? NULL : scan_after(line, n, "\"code\":\"");
	quote = code ? memchr(code, '"', (size_t)(end - code)) : NULL;
	note_failure(r, k, completed ? 0 : quote ? kind_of(r, code, (size_t)(quote - code)) : kind_of(r, "unknown", 7));
	r->bytes += size;
	note_time(r, take_time(scan_after(line, n, "\"finished_at\":\""), end), size);
	return true;
}

static void
forget(struct runs *r)
{
	for (size_t i = 0; i < r->kinds_n; i++)
		free(r->kinds[i].code);
	free(r->failed);
	*r = (struct runs){.fd = r->fd};
}

int
runs_refresh(struct runs *r, int dir)
{
	struct stat st;
	off_t end;

	if (r->fd < 0) {
		r->fd = openat(dir, "results.ndjson", O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
		if (r->fd < 0)
			return errno == ENOENT ? 0 : -1;
	}
	if (fstat(r->fd, &st) < 0)
		return -1;
	if (st.st_size < r->read_to)
		forget(r);
	if (st.st_size == r->read_to)
		return 0;
	end = append_each(r->fd, r->read_to, take_result, r);
	if (end < 0) {
		forget(r); /* a part was taken in */
		return -1;
	}
	r->read_to = end;
	return 0;
}

void
runs_rate(const struct runs *r, int64_t now, double *items, double *bytes)
{
	*items = *bytes = 0;
	for (size_t i = 0; i < RUNS_RECENT; i++)
		/* The second that is not over yet would be too little. */
		if (r->recent[i].at >= now - RUNS_RATE_SECONDS && r->recent[i].at < now) {
			*items += r->recent[i].items;
			*bytes += (double)r->recent[i].bytes;
		}
	*items /= RUNS_RATE_SECONDS;
	*bytes /= RUNS_RATE_SECONDS;
}

static void
print_failures(const struct runs *r, struct buf *out)
{
	const char *before = "";

	buf_str(out, ",\"failures\":{");
	for (size_t i = 0; i < r->kinds_n; i++) {
		if (!r->kinds[i].count)
			continue;
		buf_str(out, before);
		/* As it stood in a JSON string. */
		buf_printf(out, "\"%s\":%llu", r->kinds[i].code, (unsigned long long)r->kinds[i].count);
		before = ",";
	}
	buf_str(out, "}");
}

void
runs_print(const struct runs *r, int64_t now, struct buf *out)
{
	double items, bytes;
	char from[32] = "";
	time_t begin = r->from;
	struct tm tm;

	runs_rate(r, now, &items, &bytes);
	buf_printf(out, ",\"bytes\":%llu", (unsigned long long)r->bytes);
	print_failures(r, out);
	buf_printf(out, ",\"rate\":{\"items\":%.1f,\"bytes\":%.0f},\"history\":", items, bytes);
	if (r->buckets == 0) {
		buf_str(out, "null");
		return;
	}
	gmtime_r(&begin, &tm);
	strftime(from, sizeof(from), "%Y-%m-%dT%H:%M:%SZ", &tm);
	buf_printf(out, "{\"from\":\"%s\",\"step\":%u,\"items\":[", from, r->step);
	for (size_t i = 0; i < r->buckets; i++)
		buf_printf(out, "%s%u", i ? "," : "", r->items_in[i]);
	buf_str(out, "],\"bytes\":[");
	for (size_t i = 0; i < r->buckets; i++)
		buf_printf(out, "%s%llu", i ? "," : "", (unsigned long long)r->bytes_in[i]);
	buf_str(out, "]}");
}

void
runs_free(struct runs *r)
{
	forget(r);
	if (r->fd >= 0)
		close(r->fd);
	r->fd = -1;
}
