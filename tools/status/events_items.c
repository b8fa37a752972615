#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/msg.h"
#include "base/userinfo.h"
#include "event_record.h"
#include "events_items.h"
#include "files/append.h"
#include "files/file.h"
#include "records/rec.h"

static const char *const asked_for[] = {"url", "media", "file", "filename", "upload", "member", NULL};

/* Events are printed without gaps, or not at all. */
static _Noreturn void
die_unread(const struct batch *b, const char *name)
{
	msg_die_errno(msg_exit_code(errno), "cannot read %s of the batch '%s'", name, batch_name(b));
}

/* -1 if it does not exist. */
static int
open_file(const struct batch *b, const char *name)
{
	int fd = openat(batch_dirfd(b), name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0 && errno != ENOENT)
		die_unread(b, name);
	return fd;
}

/* --- claims --- */

static void
print_processing(uint64_t *count, const struct batch *b, uint32_t k)
{
	struct json_object *o = event_new("item_processing", NULL, batch_name(b));
	struct json_object *item = batch_item_object(b, k);

	json_object_object_add(o, "item", json_object_new_int64(k));
	event_copy(o, item, asked_for);
	event_print(o, count);
	json_object_put(item);
}

/* Reads `state` from item FROM + 1 on. An owner that died left a byte r that nobody claims. If COUNT is not NULL, items
 * that are claimed now are printed. */
static void
note_states(uint64_t *count, struct batch_events *s, const struct batch *b, size_t from, const unsigned char *states,
	    size_t n)
{
	if (from + n > s->states_n) {
		s->states = buf_realloc(s->states, from + n);
		memset(s->states + s->states_n, 'p', from + n - s->states_n);
		s->states_n = from + n;
	}
	if (memcmp(s->states + from, states, n) == 0)
		return;
	for (size_t i = 0; i < n; i++) {
		unsigned char *known = s->states + from + i;
		int claimed;

		if (*known == states[i])
			continue;
		claimed = states[i] == 'r' ? batch_is_claimed(b, (uint32_t)(from + i + 1)) : 1;
		if (claimed < 0)
			die_unread(b, "state");
		if (claimed <= 0)
			continue;
		*known = states[i];
		if (count && states[i] == 'r')
			print_processing(count, b, (uint32_t)(from + i + 1));
	}
}

/* Reads the states of a batch that a process holds. */
static void
read_states(uint64_t *count, struct batch_events *s, const struct followed_batch *v, const struct batch *b)
{
	unsigned char chunk[1 << 16];
	off_t at = 0;
	ssize_t n;
	int fd;

	if (!v->snapshot.p.counts.held) {
		free(s->states);
		s->states = NULL;
		s->states_n = 0;
		return;
	}
	fd = open_file(b, "state");
	if (fd < 0)
		return;
	while ((n = file_read_at(fd, chunk, sizeof(chunk), at)) > 0 && at + n < UINT32_MAX) {
		note_states(count, s, b, (size_t)at, chunk, (size_t)n);
		at += n;
	}
	if (n < 0)
		die_unread(b, "state");
	close(fd);
}

/* --- results --- */

struct telling {
	uint64_t *count;
	struct batch_events *s;
	const struct batch *batch;
};

/* A result of item K that is not from a transfer: it was removed or added again. */
static void
print_removal(struct telling *t, uint32_t k, bool removed, const char *at)
{
	struct json_object *o = event_new(removed ? "item_removed" : "item_restored", at, batch_name(t->batch));
	struct json_object *item = NULL;
	struct buf line = {0};

	json_object_object_add(o, "item", json_object_new_int64(k));
	if (batch_item(t->batch, k, &line) == 0 && line.len)
		item = rec_parse(line.data, line.len, NULL, 0);
	event_copy(o, item, asked_for);
	event_print(o, t->count);
	json_object_put(item);
	buf_free(&line);
}

static bool
print_result(off_t at, const char *line, size_t n, void *arg)
{
	static const char *const of_file[] = {"path", "mime", "bytes", "sha256", "file_id", NULL};
	static const char *const of_error[] = {"code", "message", "retryable", NULL};
	static const char *const of_both[] = {"attempts", NULL};
	struct telling *t = arg;
	char state = '\0';
	uint32_t k = batch_result_state(line, n, &state);
	bool completed = state == 'c';
	struct json_object *o, *result;
	struct buf text = {0};

	(void)at;
	buf_add(&text, line, n);
	result = k ? rec_parse(text.data, userinfo_strip(text.data, n), NULL, 0) : NULL;
	buf_free(&text);
	if (!result)
		return true;
	if (state == 'x' && strcmp(rec_string(result, "status"), "removed") != 0) {
		json_object_put(result); /* the next line repeats it */
		return true;
	}
	if (state != 'c' && state != 'f') {
		print_removal(t, k, state == 'x', rec_string(result, "finished_at"));
		json_object_put(result);
		return true;
	}
	o = event_new(completed ? "item_completed" : "item_failed", rec_string(result, "finished_at"),
		      batch_name(t->batch));
	json_object_object_add(o, "item", json_object_new_int64(k));
	event_copy(o, result, asked_for);
	if (completed)
		event_copy(o, result, of_file);
	else
		event_copy(o, json_object_object_get(result, "error"), of_error);
	event_copy(o, result, of_both);
	event_print(o, t->count);
	json_object_put(result);
	/* It is no longer new that the item was claimed, although its byte may say so for a moment. */
	if (k <= t->s->states_n)
		t->s->states[k - 1] = 'r';
	return true;
}

static void
read_results(uint64_t *count, struct batch_events *s, const struct batch *b)
{
	struct telling t = {count, s, b};
	int fd = open_file(b, "results.ndjson");
	off_t end;

	if (fd < 0)
		return;
	end = append_each(fd, s->read_to, print_result, &t);
	if (end < 0)
		die_unread(b, "results.ndjson");
	s->read_to = end;
	close(fd);
}

/* --- both --- */

void
events_skip_items(struct batch_events *s, const struct followed_batch *v, const struct batch *b)
{
	int fd = open_file(b, "results.ndjson");

	read_states(NULL, s, v, b);
	if (fd < 0)
		return;
	s->read_to = append_whole(fd);
	if (s->read_to < 0)
		die_unread(b, "results.ndjson");
	close(fd);
}

bool
events_print_items(struct batch_events *s, const struct followed_batch *v, const struct batch *b, uint64_t *count)
{
	off_t before = s->read_to;

	read_states(count, s, v, b);
	read_results(count, s, b);
	return s->read_to > before;
}
