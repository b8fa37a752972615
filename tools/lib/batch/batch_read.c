#include <endian.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/lock.h"
#include "base/scan.h"
#include "base/userinfo.h"
#include "batch/batch_internal.h"
#include "files/append.h"
#include "files/file.h"
#include "records/rec.h"

enum { INDEX_AT_ONCE = 4096 };

enum { GLANCE = 2048 }; /* most lines are shorter than this many bytes */

/* No file of bi is longer: a larger offset is damage, and no read is tried. */
#define OFFSET_MAX (UINT64_C(1) << 60)

int
batch_index_get(int fd, uint64_t entry, uint64_t *value)
{
	uint64_t there = 0;
	ssize_t n = fd < 0 ? 0 : file_read_at(fd, &there, sizeof(there), (off_t)(entry * sizeof(there)));

	*value = n == sizeof(there) ? le64toh(there) : 0;
	if (*value > OFFSET_MAX)
		*value = 0;
	return n < 0 ? -1 : 0;
}

int
batch_index_put(int fd, uint64_t entry, const uint64_t *values, size_t n)
{
	uint64_t block[INDEX_AT_ONCE];

	while (n > 0) {
		size_t some = n < INDEX_AT_ONCE ? n : INDEX_AT_ONCE;

		for (size_t i = 0; i < some; i++)
			block[i] = htole64(values[i]);
		if (file_write_at(fd, block, some * sizeof(*block), (off_t)(entry * sizeof(*block))) < 0)
			return -1;
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
	    !root_subject_check(out->subject))
		return 0;
	return -1;
}

/* The status of a result line, and the state that this gives the item. */
static const struct {
	const char *status, *quoted;
	char state;
} statuses[] = {
	{"completed", "completed\"", 'c'},
	{"failed", "failed\",\"error\":{\"code\":\"removed\"", 'x'}, /* for versions that know no more */
	{"failed", "failed\"", 'f'},
	{"removed", "removed\"", 'x'},
	{"pending", "pending\"", 'p'},
};

enum { STATUSES = sizeof(statuses) / sizeof(*statuses) };

/* The same for a line that another program rewrote with its members in another order. */
static uint32_t
state_in_any_order(const char *line, size_t n, char *state)
{
	struct json_object *result = rec_parse(line, n, NULL, 0);
	const char *status = result ? rec_string(result, "status") : NULL;
	const char *code = result ? rec_string(json_object_object_get(result, "error"), "code") : NULL;
	long long k = result ? rec_number(result, "item", 0) : 0;

	*state = '\0';
	for (size_t i = 0; status && i < STATUSES; i++)
		if (strcmp(status, statuses[i].status) == 0)
			*state = statuses[i].state;
	if (*state == 'f' && code && strcmp(code, "removed") == 0)
		*state = 'x';
	if (!*state || k < 0 || k > UINT32_MAX)
		k = 0;
	json_object_put(result);
	return (uint32_t)k;
}

uint32_t
batch_result_state(const char *line, size_t n, char *state)
{
	const char *at = line, *end = line + n;
	uint32_t k;

	/* A line that bi wrote is recognised by its beginning. */
	if (!scan_text(&at, end, "{\"item\":") || !scan_item(&at, end, &k) || !scan_text(&at, end, ",\"status\":\""))
		return state_in_any_order(line, n, state);
	for (size_t i = 0; i < STATUSES; i++) {
		*state = statuses[i].state;
		if (scan_text(&at, end, statuses[i].quoted))
			return k;
	}
	return 0;
}

uint32_t
batch_result_number(const char *line, size_t n, bool *completed)
{
	char state = '\0';
	uint32_t k = batch_result_state(line, n, &state);

	*completed = k && state == 'c';
	return k;
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

/* Whether an entry is valid: a line of item K begins at its offset. 1, 0, or -1 with errno. */
static int
begins_at(const struct batch *b, uint32_t k, uint64_t at)
{
	char before = '\n', line[64] = {0};
	const char *p = line;
	uint32_t n;
	ssize_t got;

	got = at > 0 ? file_read_at(b->items, &before, 1, (off_t)at - 1) : 1;
	if (got <= 0 || before != '\n')
		return got < 0 ? -1 : 0;
	got = file_read_at(b->items, line, sizeof(line) - 1, (off_t)at);
	if (got <= 0)
		return (int)got;
	return !scan_text(&p, line + got, "{\"bi\":{\"n\":") || (scan_item(&p, line + got, &n) && n == k);
}

/* Stores in N how many items the index has, and in AT the offset that it has for the last of the first K items. 0 or
 * -1. */
static int
read_items_index(const struct batch *b, uint64_t k, uint64_t *n, uint64_t *at)
{
	struct stat st = {0};

	if (b->items_index >= 0 && fstat(b->items_index, &st) < 0)
		return -1;
	*n = (uint64_t)st.st_size / sizeof(uint64_t);
	*at = 0;
	if (k > *n)
		k = *n;
	return k > 0 ? batch_index_get(b->items_index, k - 1, at) : 0;
}

off_t
batch_item_offset(const struct batch *b, uint32_t k)
{
	struct finding f = {.wanted = k - 1, .at = -1};
	uint64_t at, known;
	int is;

	if (b->items < 0 || k == 0)
		return file_fail(ENOENT);
	if (read_items_index(b, k, &known, &at) < 0)
		return -1;
	is = k <= known ? begins_at(b, k, at) : 0;
	if (is != 0)
		return is < 0 ? -1 : (off_t)at;
	if (append_each(b->items, 0, count_line, &f) < 0)
		return -1;
	if (f.at < 0)
		errno = ENOENT;
	return f.at;
}

/* The usual way to an item's line: one read at the offset of its entry, which begins one byte earlier, to check that a
 * line begins there. 1; 0 if the entry is wrong or the line is long; -1 with errno. */
static int
item_at_once(const struct batch *b, uint32_t k, struct buf *out)
{
	const char *p, *end, *newline;
	uint64_t at, from;
	uint32_t n;
	ssize_t got;

	if (batch_index_get(b->items_index, k - 1, &at) < 0)
		return -1;
	if (at == 0 && k > 1)
		return 0;
	from = at > 0 ? at - 1 : 0;
	buf_clear(out);
	got = file_read_at(b->items, buf_room(out, GLANCE), GLANCE, (off_t)from);
	if (got <= 0 || (at > 0 && out->data[0] != '\n'))
		return got < 0 ? -1 : 0;
	p = out->data + (at - from);
	end = out->data + got;
	newline = memchr(p, '\n', (size_t)(end - p));
	if (!newline || !scan_text(&p, end, "{\"bi\":{\"n\":") || !scan_item(&p, end, &n) || n != k)
		return 0;
	out->len = (size_t)(newline - out->data);
	out->data[out->len] = '\0';
	buf_drop(out, at - from);
	return 1;
}

int
batch_stored_item(const struct batch *b, uint32_t k, struct buf *out)
{
	int rc = b->items >= 0 && k > 0 ? item_at_once(b, k, out) : 0;
	off_t at;

	if (rc != 0)
		return rc < 0 ? -1 : 0;
	at = batch_item_offset(b, k);
	return at < 0 ? -1 : append_line(b->items, at, out);
}

/* Lines of an earlier version may have userinfo in them. */
static int
without_userinfo(int rc, struct buf *line)
{
	if (rc == 0)
		line->len = userinfo_strip(line->data, line->len);
	return rc;
}

int
batch_item(const struct batch *b, uint32_t k, struct buf *out)
{
	return without_userinfo(batch_stored_item(b, k, out), out);
}

int64_t
batch_length(const struct batch *b)
{
	struct finding f = {.wanted = UINT64_MAX};
	uint64_t n, at;
	int is = 0;

	if (b->items < 0)
		return 0;
	if (read_items_index(b, UINT32_MAX, &n, &at) < 0)
		return -1;
	if (n > 0 && n <= UINT32_MAX && (is = begins_at(b, (uint32_t)n, at)) < 0)
		return -1;
	if (is)
		f.line = n - 1;
	return append_each(b->items, is ? (off_t)at : 0, count_line, &f) < 0 ? -1 : (int64_t)f.line;
}

int
batch_state(const struct batch *b, uint32_t k)
{
	unsigned char s = '\0'; /* garbage must not look like an error */

	if (b->state >= 0 && file_read_at(b->state, &s, 1, (off_t)k - 1) < 0)
		return -1;
	return s ? s : 'p';
}

int
batch_states(const struct batch *b, uint32_t from, char *states, size_t n)
{
	ssize_t there = b->state >= 0 ? file_read_at(b->state, states, n, (off_t)from - 1) : 0;

	for (size_t i = 0; there >= 0 && i < n; i++)
		if (i >= (size_t)there || !states[i])
			states[i] = 'p';
	return there < 0 ? -1 : 0;
}

int64_t
batch_find_state(const struct batch *b, uint32_t from, char s)
{
	char chunk[4096];
	off_t at = (off_t)from - 1;
	ssize_t n = 0;

	while (b->state >= 0 && (n = file_read_at(b->state, chunk, sizeof(chunk), at)) > 0) {
		const char *found = memchr(chunk, s, (size_t)n);

		if (found)
			return at + (found - chunk) < UINT32_MAX ? at + (found - chunk) + 1 : 0;
		at += n;
	}
	return n;
}

int
batch_is_claimed(const struct batch *b, uint32_t k)
{
	return b->state >= 0 ? lock_bytes_held(b->state, (off_t)k - 1, 1, NULL) : 0;
}

int
batch_count_states(const struct batch *b, struct batch_counts *counts, struct buf *states)
{
	char chunk[1 << 16];
	int64_t length = batch_length(b);
	uint64_t left, n_of[UCHAR_MAX + 1] = {0};
	off_t at = 0;
	int held = b->lock >= 0 ? lock_bytes_held(b->lock, 0, 1, NULL) : 0;

	if (length < 0 || held < 0)
		return -1;
	*counts = (struct batch_counts){.held = held, .length = (uint64_t)length};
	for (left = counts->length; left > 0;) {
		size_t most = left < sizeof(chunk) ? (size_t)left : sizeof(chunk);
		ssize_t n = b->state >= 0 ? file_read_at(b->state, chunk, most, at) : 0;

		if (n < 0)
			return -1;
		for (ssize_t i = 0; i < n; i++) {
			n_of[(unsigned char)chunk[i]]++;
			chunk[i] = chunk[i] ? chunk[i] : 'p';
		}
		if (n == 0) { /* the file is shorter than the batch */
			if (!states)
				break;
			memset(chunk, 'p', most);
			n = (ssize_t)most;
		}
		if (states)
			buf_add(states, chunk, (size_t)n);
		at += n;
		left -= (uint64_t)n;
	}
	counts->removed = n_of['x'];
	counts->total = counts->length - counts->removed;
	counts->completed = n_of['c'];
	counts->failed = n_of['f'];
	counts->processing = counts->held ? n_of['r'] : 0;
	counts->pending = counts->total - counts->completed - counts->failed - counts->processing;
	return 0;
}

int
batch_count(const struct batch *b, struct batch_counts *counts)
{
	return batch_count_states(b, counts, NULL);
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
	struct stat st = {0};
	uint64_t upto;

	if (batch_index_get(b->results_index, 0, &upto) < 0 || (b->results >= 0 && fstat(b->results, &st) < 0))
		return -1;
	return upto <= (uint64_t)st.st_size ? (off_t)upto : 0;
}

off_t
batch_result_offset(const struct batch *b, uint32_t k)
{
	uint64_t entry;

	if (batch_index_get(b->results_index, k, &entry) < 0)
		return -1;
	if (entry == 0)
		errno = ENOENT;
	return (off_t)entry - 1;
}

int
batch_open_file(const struct batch *b, struct json_object *result)
{
	const char *path = rec_string(result, "path");

	/* A path in a result is "files/NAME". */
	if (!path || strncmp(path, "files/", 6) != 0 || strchr(path + 6, '/') || path[6] == '.' || !path[6])
		return file_fail(ENOENT);
	if (b->files < 0)
		return file_fail(b->files_error);
	return file_open(b->files, path + 6);
}

void
batch_result_record(const struct batch *b, const char *line, size_t n, struct buf *out)
{
	static const char head[] = "\"status\":\"completed\",\"path\":\"files/";
	const char *rest = n > 0 && *line == '{' ? line + 1 : line, *end = line + n;
	const char *comma = memchr(rest, ',', (size_t)(end - rest));
	const char *at = comma ? comma + 1 : end;

	buf_str(out, "{\"batch\":\"");
	buf_str(out, b->name);
	buf_str(out, "\",");
	if (scan_text(&at, end, head)) {
		at -= strlen("files/");
		buf_add(out, rest, (size_t)(at - rest) - 1);
		buf_json(out, b->path);
		out->len--; /* without the closing quote, since the path continues */
		buf_str(out, "/");
		rest = at;
	}
	buf_add(out, rest, (size_t)(end - rest));
}
