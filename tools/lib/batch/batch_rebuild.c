/*
 * batch_rebuild: makes the state and the index of results anew from the results, and fails completed items whose file
 * is gone. batch.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/scan.h"
#include "base/trouble.h"
#include "base/when.h"
#include "batch/batch_internal.h"
#include "files/append.h"
#include "files/file.h"
#include "files/name_set.h"
#include "records/rec.h"

/* States while a batch is rebuilt: completed, and its file is gone; completed, and a look at the file must tell. */
enum { STATE_LOST = 'l', STATE_UNSURE = '?' };

enum { LOST_AT_ONCE = 256, STATES_AT_ONCE = 1 << 16 };

struct rebuilding {
	const struct batch *b;
	const struct name_set *names; /* of files/ */
	char *states;
	uint64_t *entries; /* of the index of results */
};

/* Whether the set has the file that a result begins with, as bi writes it. */
static bool
names_file(const struct name_set *names, const char *line, size_t n)
{
	const char *at = line, *end = line + n, *quote;
	uint32_t k;

	if (!scan_text(&at, end, "{\"item\":") || !scan_item(&at, end, &k) ||
	    !scan_text(&at, end, ",\"status\":\"completed\",\"path\":\"files/"))
		return false;
	quote = memchr(at, '"', (size_t)(end - at));
	return quote && name_set_has(names, at, (size_t)(quote - at));
}

static bool
rebuild_line(off_t at, const char *line, size_t n, void *arg)
{
	struct rebuilding *r = arg;
	char state;
	uint32_t k = batch_result_state(line, n, &state);

	if (k == 0 || k > r->b->count)
		return true;
	if (state == 'c' && !names_file(r->names, line, n))
		state = STATE_UNSURE;
	r->states[k - 1] = state;
	r->entries[k] = (uint64_t)at + 1;
	return true;
}

/* Writes in place what differs. */
static int
write_states(const struct batch *b, const char *states, uint64_t *changed)
{
	char there[STATES_AT_ONCE];

	for (size_t at = 0, n; at < b->count; at += n) {
		n = b->count - at < sizeof(there) ? b->count - at : sizeof(there);
		memset(there, 0, n);
		if (file_read_at(b->state, there, n, (off_t)at) < 0)
			return -1;
		if (memcmp(there, states + at, n) == 0)
			continue;
		for (size_t i = 0; i < n; i++)
			*changed += there[i] != states[at + i] && (there[i] != '\0' || states[at + i] != 'p');
		if (file_write_at(b->state, states + at, n, (off_t)at) < 0)
			return -1;
	}
	return fdatasync(b->state);
}

/* The result of an item whose file is gone: what is known of it, but for the file. For the caller to free. */
static char *
lost_line(struct json_object *result)
{
	struct json_object *lost = json_object_new_object();
	char finished[WHEN_SIZE], *line;

	json_object_object_add(lost, "item", json_object_get(json_object_object_get(result, "item")));
	rec_add_string(lost, "status", "failed");
	rec_add_error(lost, "file_lost", "it was here, and its file is gone", true);
	rec_add_string(lost, "finished_at", when_now(finished));
	rec_copy_without(lost, result, "item", "status", "path", "file_id", "knowledge_item_id", "bytes", "mime",
			 "sha256", "error", "final_url", "finished_at", "same_as", "etag", "last_modified",
			 "content_type", "file_changed_at", "replaced_file");
	line = buf_strdup(rec_print(lost));
	json_object_put(lost);
	return line;
}

/* Says what of the batch an error is about. Returns -1 with errno kept. */
static int
trouble_with(struct buf *where, const char *what)
{
	int error = errno;

	buf_clear(where);
	buf_str(where, what);
	errno = error;
	return -1;
}

/* The result of the completed item K. 0, or -1 with errno. For the caller to put. */
static int
read_result(const struct batch *b, uint32_t k, struct buf *line, struct json_object **result, struct buf *where)
{
	buf_clear(line);
	if (batch_result(b, k, line) < 0)
		return trouble_with(where, "results.ndjson");
	*result = rec_parse(line->data, line->len, NULL, 0);
	return 0;
}

/* Whether the file of the completed item K is gone: 1, 0, or -1. An item that was completed without a file has none to
 * lose. */
static int
is_lost(const struct batch *b, uint32_t k, struct buf *line, struct buf *where)
{
	struct json_object *result;
	const char *path;
	int fd, rc = 0;

	if (read_result(b, k, line, &result, where) < 0)
		return -1;
	path = rec_string(result, "path");
	fd = path ? batch_open_file(b, result) : -1;
	if (path && fd < 0)
		rc = errno == ENOENT ? 1 : trouble_with(where, b->files < 0 ? "files/" : path);
	file_close(fd, 0);
	json_object_put(result);
	return rc;
}

int64_t
batch_find_lost(const struct batch *b, uint32_t from, struct buf *where)
{
	struct buf line = {0};
	int64_t k = from;
	int is = 0;

	for (; (k = batch_find_state(b, (uint32_t)k, 'c')) > 0; k++)
		if ((is = is_lost(b, (uint32_t)k, &line, where)) != 0)
			break;
	buf_free(&line);
	if (k < 0)
		trouble_with(where, "state");
	return is < 0 ? -1 : k;
}

static int
append_lost(struct batch *b, struct batch_outcome *v, size_t n)
{
	int rc = n > 0 ? batch_append_results(b, v, n) : 0;

	for (size_t i = 0; i < n; i++)
		free((char *)(uintptr_t)v[i].line);
	return rc;
}

/* Looks for the files of the completed items of which that is not known yet. */
static int
find_lost(const struct batch *b, char *states, struct buf *where)
{
	struct buf line = {0};
	int is = 0;

	for (uint32_t k = 1; k <= b->count && is >= 0; k++) {
		if (states[k - 1] != STATE_UNSURE)
			continue;
		is = is_lost(b, k, &line, where);
		states[k - 1] = is > 0 ? STATE_LOST : 'c';
	}
	buf_free(&line);
	return is < 0 ? -1 : 0;
}

/* Those are failed: a result says so, which everybody honours. */
static int
fail_lost(struct batch *b, char *states, struct buf *where)
{
	struct batch_outcome lost[LOST_AT_ONCE];
	struct json_object *result;
	struct buf line = {0};
	size_t n = 0;
	int rc = 0;

	for (uint32_t k = 1; k <= b->count && rc == 0; k++) {
		if (states[k - 1] != STATE_LOST)
			continue;
		rc = read_result(b, k, &line, &result, where);
		if (rc < 0)
			break; /* not all of them are said */
		lost[n].item = k;
		lost[n].completed = false;
		lost[n].line = lost_line(result);
		lost[n].len = strlen(lost[n].line);
		n++;
		json_object_put(result);
		states[k - 1] = 'f';
		if (n == LOST_AT_ONCE) {
			rc = append_lost(b, lost, n);
			n = 0;
		}
	}
	buf_free(&line);
	if (append_lost(b, lost, n) < 0)
		rc = -1;
	return rc < 0 ? trouble_with(where, "results.ndjson") : 0;
}

/* Makes the index of results anew, and the states as they say. */
static int
index_anew(struct batch *b, struct rebuilding *r)
{
	off_t end = append_end(b->results);
	int rc = -1;

	r->entries = buf_alloc(((size_t)b->count + 1) * sizeof(*r->entries));
	r->entries[0] = (uint64_t)end;
	if (end >= 0 && append_each(b->results, 0, rebuild_line, r) >= 0)
		rc = batch_index_replace(b->results_index, r->entries, (size_t)b->count + 1);
	free(r->entries);
	return rc;
}

int
batch_rebuild(struct batch *b, uint64_t *changed, struct buf *where)
{
	struct name_set names = {0};
	struct rebuilding r = {.b = b, .names = &names};
	uint64_t count = 0;
	int rc;

	/* The index of items first: taking them in writes it where it differs. */
	if (batch_read_added(b) < 0)
		return trouble_with(where, "items.ndjson");
	if (keys_remove(b) < 0)
		return trouble_with(where, "keys.index");
	unlinkat(b->dir, "stats.index", 0); /* batch_stats_keep() makes it anew */
	r.states = buf_alloc((size_t)b->count + 1);
	memset(r.states, 'p', b->count);
	/* What this cannot read, a look at each file will report. */
	name_set_read(openat(b->dir, "files", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW), &names);
	if ((rc = index_anew(b, &r)) < 0)
		trouble_with(where, "results.ndjson");
	name_set_free(&names);
	if (rc == 0)
		rc = find_lost(b, r.states, where);
	if (rc == 0)
		rc = fail_lost(b, r.states, where);
	if (rc == 0 && (rc = write_states(b, r.states, &count)) < 0)
		trouble_with(where, "state");
	free(r.states);
	if (changed)
		*changed = count;
	return rc;
}
