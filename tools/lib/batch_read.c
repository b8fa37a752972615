#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "append.h"
#include "batch_in.h"
#include "lock.h"
#include "rec.h"
#include "scan.h"
#include "userinfo.h"

enum { GLANCE = 2048 }; /* bytes that most lines are shorter than */

uint64_t
batch_index_get(int fd, uint64_t entry)
{
	uint64_t value;

	if (fd < 0 || pread(fd, &value, sizeof(value), (off_t)(entry * sizeof(value))) != sizeof(value))
		return 0;
	return le64toh(value);
}

int
batch_index_put(int fd, uint64_t entry, const uint64_t *values, size_t n)
{
	uint64_t block[256];

	while (n > 0) {
		size_t some = n < 256 ? n : 256;

		for (size_t i = 0; i < some; i++)
			block[i] = htole64(values[i]);
		ssize_t w = pwrite(fd, block, some * sizeof(*block), (off_t)(entry * sizeof(*block)));

		if (w != (ssize_t)(some * sizeof(*block))) {
			if (w >= 0)
				errno = ENOSPC;
			return -1;
		}
		entry += some;
		values += some;
		n -= some;
	}
	return 0;
}

int
batch_place(const char *line, size_t n, struct batch_place *out)
{
	const char *at = line, *end = line + n;

	if (scan_text(&at, end, "{\"bi\":{\"n\":") && scan_item(&at, end, &out->item) &&
	    scan_text(&at, end, ",\"key\":\"") && scan_word(&at, end, out->key, sizeof(out->key) - 1) &&
	    scan_text(&at, end, ",\"id\":\"") && scan_word(&at, end, out->subject, sizeof(out->subject) - 1) &&
	    scan_text(&at, end, ",\"idx\":") && scan_item(&at, end, &out->idx) && scan_text(&at, end, "}") &&
	    !root_subject_wrong(out->subject))
		return 0;
	return -1;
}

uint32_t
batch_result_number(const char *line, size_t n, bool *completed)
{
	const char *at = line, *end = line + n;
	uint32_t k;

	if (!scan_text(&at, end, "{\"item\":") || !scan_item(&at, end, &k) || !scan_text(&at, end, ",\"status\":\""))
		return 0;
	*completed = scan_text(&at, end, "completed\"");
	return *completed || scan_text(&at, end, "failed\"") ? k : 0;
}

struct finding {
	uint64_t line, wanted; /* counting from 0 */
	off_t at;
};

static bool
count_line(off_t at, const char *line, size_t n, void *arg)
{
	struct finding *f = arg;

	(void)line;
	(void)n;
	if (f->line == f->wanted) {
		f->at = at;
		return false;
	}
	f->line++;
	return true;
}

/* An entry that can be believed: a line begins at its offset, and says that it is item K's. */
static bool
begins_at(const struct batch *b, uint32_t k, uint64_t at)
{
	char before = '\n', line[64] = {0};
	const char *p = line;
	uint32_t n;
	ssize_t got;

	if (at > 0 && pread(b->items, &before, 1, (off_t)at - 1) != 1)
		return false;
	got = pread(b->items, line, sizeof(line) - 1, (off_t)at);
	if (before != '\n' || got <= 0)
		return false;
	return !scan_text(&p, line + got, "{\"bi\":{\"n\":") || (scan_item(&p, line + got, &n) && n == k);
}

static uint64_t
indexed(const struct batch *b)
{
	struct stat st;

	if (b->items_index < 0 || fstat(b->items_index, &st) < 0)
		return 0;
	return (uint64_t)st.st_size / sizeof(uint64_t);
}

off_t
batch_item_offset(const struct batch *b, uint32_t k)
{
	struct finding f = {.wanted = k - 1, .at = -1};
	uint64_t at;

	if (b->items < 0 || k == 0) {
		errno = ENOENT;
		return -1;
	}
	if (k <= indexed(b)) {
		at = batch_index_get(b->items_index, k - 1);
		if (begins_at(b, k, at))
			return (off_t)at;
	}
	if (append_each(b->items, 0, count_line, &f) < 0)
		return -1;
	if (f.at < 0)
		errno = ENOENT;
	return f.at;
}

/* The usual way to an item's line: by its entry, and one read that begins a byte before it, to see that a line begins
 * there. False where the entry is wrong or the line is long. */
static bool
item_at_once(const struct batch *b, uint32_t k, struct buf *out)
{
	uint64_t at = batch_index_get(b->items_index, k - 1);
	uint64_t from = at > 0 ? at - 1 : 0;
	const char *p, *end, *newline;
	uint32_t n;
	ssize_t got;

	if (at == 0 && k > 1)
		return false;
	buf_clear(out);
	got = pread(b->items, buf_room(out, GLANCE), GLANCE, (off_t)from);
	if (got <= 0 || (at > 0 && out->data[0] != '\n'))
		return false;
	p = out->data + (at - from);
	end = out->data + got;
	newline = memchr(p, '\n', (size_t)(end - p));
	if (!newline || !scan_text(&p, end, "{\"bi\":{\"n\":") || !scan_item(&p, end, &n) || n != k)
		return false;
	out->len = (size_t)(newline - out->data);
	out->data[out->len] = '\0';
	buf_drop(out, at - from);
	return true;
}

int
batch_stored_item(const struct batch *b, uint32_t k, struct buf *out)
{
	off_t at;

	if (b->items >= 0 && k > 0 && item_at_once(b, k, out))
		return 0;
	at = batch_item_offset(b, k);

	return at < 0 ? -1 : append_line(b->items, at, out);
}

/* Lines of an earlier version may have userinfo in them. */
static int
without_userinfo(int rc, struct buf *line)
{
	if (rc == 0)
		line->len = userinfo_cut(line->data, line->len);
	return rc;
}

int
batch_item(const struct batch *b, uint32_t k, struct buf *out)
{
	return without_userinfo(batch_stored_item(b, k, out), out);
}

uint64_t
batch_length(const struct batch *b)
{
	struct finding f = {.wanted = UINT64_MAX};
	uint64_t n = indexed(b), at = 0;

	if (b->items < 0)
		return 0;
	if (n > 0 && n <= UINT32_MAX) {
		at = batch_index_get(b->items_index, n - 1);
		if (begins_at(b, (uint32_t)n, at))
			f.line = n - 1;
		else
			at = 0;
	}
	append_each(b->items, (off_t)at, count_line, &f);
	return f.line;
}

char
batch_state(const struct batch *b, uint32_t k)
{
	char s;

	if (b->state < 0 || pread(b->state, &s, 1, (off_t)k - 1) != 1 || s == '\0')
		return 'p';
	return s;
}

uint32_t
batch_find_state(const struct batch *b, uint32_t from, char s)
{
	char chunk[4096];
	off_t at = (off_t)from - 1;
	ssize_t n;

	while (b->state >= 0 && (n = pread(b->state, chunk, sizeof(chunk), at)) > 0) {
		const char *found = memchr(chunk, s, (size_t)n);

		if (found)
			return at + (found - chunk) < UINT32_MAX ? (uint32_t)(at + (found - chunk) + 1) : 0;
		at += n;
	}
	return 0;
}

bool
batch_is_claimed(const struct batch *b, uint32_t k)
{
	return b->state >= 0 && lock_bytes_held(b->state, (off_t)k - 1, 1, NULL);
}

/* As many bytes as one instruction takes, as a rule. */
typedef unsigned char lanes __attribute__((vector_size(16)));

struct tally {
	uint64_t completed, failed, processing;
};

static uint64_t
sum(lanes v)
{
	uint64_t n = 0;

	for (size_t i = 0; i < sizeof(v); i++)
		n += v[i];
	return n;
}

/* Counts in N lanes, which must be less than 256: each has one count. */
static void
tally_lanes(const unsigned char *at, size_t n, struct tally *t)
{
	lanes completed = {0}, failed = {0}, processing = {0}, v;

	for (size_t i = 0; i < n; i++, at += sizeof(v)) {
		memcpy(&v, at, sizeof(v));
		completed -= (lanes)(v == 'c');
		failed -= (lanes)(v == 'f');
		processing -= (lanes)(v == 'r');
	}
	t->completed += sum(completed);
	t->failed += sum(failed);
	t->processing += sum(processing);
}

static void
tally_states(const unsigned char *at, size_t n, struct tally *t)
{
	while (n >= sizeof(lanes)) {
		size_t some = n / sizeof(lanes) < 255 ? n / sizeof(lanes) : 255;

		tally_lanes(at, some, t);
		at += some * sizeof(lanes);
		n -= some * sizeof(lanes);
	}
	for (; n > 0; at++, n--) {
		t->completed += *at == 'c';
		t->failed += *at == 'f';
		t->processing += *at == 'r';
	}
}

int
batch_count(const struct batch *b, struct batch_counts *counts)
{
	unsigned char chunk[1 << 16];
	struct tally t = {0};
	uint64_t left;
	off_t at = 0;

	*counts = (struct batch_counts){.held = b->lock >= 0 && lock_bytes_held(b->lock, 0, 1, NULL)};
	counts->total = left = batch_length(b);
	while (left > 0 && b->state >= 0) {
		ssize_t n = pread(b->state, chunk, left < sizeof(chunk) ? (size_t)left : sizeof(chunk), at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		tally_states(chunk, (size_t)n, &t);
		at += n;
		left -= (uint64_t)n;
	}
	counts->completed = t.completed;
	counts->failed = t.failed;
	counts->processing = counts->held ? t.processing : 0;
	counts->pending = counts->total - counts->completed - counts->failed - counts->processing;
	return 0;
}

struct result_search {
	uint32_t item;
	off_t at;
};

static bool
find_result(off_t at, const char *line, size_t n, void *arg)
{
	struct result_search *s = arg;
	bool completed;

	if (batch_result_number(line, n, &completed) == s->item)
		s->at = at;
	return true;
}

off_t
batch_find_result(const struct batch *b, uint32_t k, off_t from)
{
	struct result_search s = {.item = k, .at = -1};

	if (append_each(b->results, from, find_result, &s) < 0)
		return -1;
	if (s.at < 0)
		errno = ENOENT;
	return s.at;
}

off_t
batch_results_indexed(const struct batch *b)
{
	uint64_t upto = batch_index_get(b->results_index, 0);
	struct stat st;

	return b->results >= 0 && fstat(b->results, &st) == 0 && upto <= (uint64_t)st.st_size ? (off_t)upto : 0;
}

off_t
batch_result_offset(const struct batch *b, uint32_t k)
{
	return (off_t)batch_index_get(b->results_index, k) - 1;
}

bool
batch_result_counts(const struct batch *b, uint32_t k, off_t at)
{
	uint64_t upto = batch_index_get(b->results_index, 0);
	bool indexed_line = (uint64_t)at < upto;
	off_t last = indexed_line ? (off_t)batch_index_get(b->results_index, k) - 1 : at;
	off_t newer;

	if (b->results < 0)
		return false;
	newer = batch_find_result(b, k, !indexed_line || last < 0 ? at : (off_t)upto);
	return (newer < 0 ? last : newer) == at;
}

int
batch_result(const struct batch *b, uint32_t k, struct buf *out)
{
	uint64_t upto = batch_index_get(b->results_index, 0);
	uint64_t entry = batch_index_get(b->results_index, k);
	struct stat st;
	bool completed;
	off_t at;

	if (b->results < 0 || k == 0) {
		errno = ENOENT;
		return -1;
	}
	if (fstat(b->results, &st) < 0)
		return -1;
	/* What is not indexed yet is newer. */
	at = batch_find_result(b, k, upto <= (uint64_t)st.st_size ? (off_t)upto : 0);
	if (at < 0 && errno != ENOENT)
		return -1;
	if (at < 0 && entry > 0 && append_line(b->results, (off_t)entry - 1, out) == 0 &&
	    batch_result_number(out->data, out->len, &completed) == k)
		return without_userinfo(0, out);
	if (at < 0 && strchr("cf", batch_state(b, k)))
		at = batch_find_result(b, k, 0);
	else if (at < 0)
		errno = ENOENT;
	return at < 0 ? -1 : without_userinfo(append_line(b->results, at, out), out);
}

int
batch_open_file(const struct batch *b, struct json_object *result)
{
	const char *path = rec_string(result, "path");
	struct stat st;
	int fd;

	/* A path in a result is "files/NAME". */
	if (b->files < 0 || !path || strncmp(path, "files/", 6) != 0 || strchr(path + 6, '/') || path[6] == '.' ||
	    !path[6]) {
		errno = ENOENT;
		return -1;
	}
	fd = openat(b->files, path + 6, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd >= 0 && (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))) {
		close(fd);
		fd = -1;
		errno = ENOENT;
	}
	if (fd < 0 && (errno == ELOOP || errno == ENXIO))
		errno = ENOENT;
	return fd;
}

void
batch_result_record(const struct batch *b, const char *line, size_t n, struct buf *out)
{
	static const char head[] = "\"status\":\"completed\",\"path\":\"files/";
	const char *rest = n > 0 && *line == '{' ? line + 1 : line, *end = line + n;
	const char *comma = memchr(rest, ',', (size_t)(end - rest));
	const char *at = comma ? comma + 1 : end;

	buf_printf(out, "{\"batch\":\"%s\",", b->name);
	if (scan_text(&at, end, head)) {
		at -= strlen("files/");
		buf_add(out, rest, (size_t)(at - rest) - 1);
		buf_json(out, b->path);
		out->len--; /* its closing quote: the path goes on */
		buf_str(out, "/");
		rest = at;
	}
	buf_add(out, rest, (size_t)(end - rest));
}
