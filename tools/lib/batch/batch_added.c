#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/lock.h"
#include "base/userinfo.h"
#include "batch/batch_internal.h"
#include "files/append.h"
#include "files/file.h"

enum { INDEX_BLOCK = 1024 };

/* Reads what an item's line says. Also false if the line cannot be read; batch_take_misread() then reports that, since
 * the item must not be taken for a new one. */
static bool
place_of(struct batch *b, uint32_t k, struct batch_place *place)
{
	char line[256];
	off_t at = batch_item_offset(b, k);
	ssize_t n = at < 0 ? -1 : file_read_at(b->items, line, sizeof(line), at);

	if (n < 0 && errno != ENOENT)
		b->misread = errno;
	return n > 0 && batch_place(line, (size_t)n, place) == 0;
}

bool
batch_take_misread(struct batch *b)
{
	int error = b->misread;

	b->misread = 0;
	if (error)
		errno = error;
	return error != 0;
}

static bool
place_in(struct batch *b, const struct new_items *new, uint32_t k, struct batch_place *place)
{
	if (k <= b->count)
		return place_of(b, k, place);
	if (k - new->first >= new->n) /* a killed process left the entry */
		return false;
	*place = new->places[k - new->first];
	return true;
}

uint32_t
batch_find_key(struct batch *b, const struct new_items *new, uint64_t print, const char *key)
{
	struct batch_place place;
	struct keys_cursor c = {0};

	for (uint32_t item; (item = keys_next(&b->keys, print, &c));)
		if (place_in(b, new, item, &place) && strcmp(place.key, key) == 0)
			return item;
	return 0;
}

/* The latest item of the subject ID, which has this print, and its idx; 0 for a subject that has none. A killed process
 * may have left more than one entry on the disk. */
static uint32_t
find_subject(struct batch *b, const struct new_items *new, const char *id, uint64_t print, struct keys_cursor *c,
	     uint32_t *idx)
{
	struct batch_place place;
	uint32_t latest = 0;

	for (uint32_t item; (item = keys_next(&b->keys, print, c));) {
		if (item < latest || !place_in(b, new, item, &place) || strcmp(place.subject, id) != 0)
			continue;
		latest = item;
		*idx = place.idx;
		if (c->slot)
			break;
	}
	return latest;
}

/* Makes item K the latest of its subject, in place of the item WAS that the search C has found, 0 if it has found none.
 */
static void
set_latest(struct batch *b, const char *id, uint64_t print, uint32_t k, uint32_t was, const struct keys_cursor *c)
{
	if (was && c->slot)
		c->slot->item = k;
	else
		keys_add(&b->keys, print, k, was);
	b->keys.numbered = b->keys.numbered || keys_has_number(id);
}

uint32_t
batch_next_idx(struct batch *b, const struct new_items *new, const char *id, uint32_t k)
{
	bool is_own = keys_is_own_id(id, k);
	struct batch_place place;
	struct keys_cursor c = {0};
	uint32_t idx = 0, latest;
	unsigned long other;
	uint64_t print;

	if (is_own && !b->keys.numbered)
		return 1;
	print = keys_print_subject(id);
	latest = find_subject(b, new, id, print, &c, &idx);
	other = keys_has_number(id) ? strtoul(id + 1, NULL, 10) : 0;
	if (!latest && other > 0 && other < k && place_in(b, new, (uint32_t)other, &place) &&
	    strcmp(place.subject, id) == 0)
		idx = place.idx;
	if (latest || !is_own)
		set_latest(b, id, print, k, latest, &c);
	return idx + 1;
}

/* Adds one line of the file: its identity, its subject, its offset. */
struct intake {
	struct batch *b;
	uint64_t offsets[INDEX_BLOCK];
	size_t n;
	bool failed;
	char subject[SUBJECT_MAX + 1]; /* of the previous line */
	uint64_t print;                /* of that subject */
};

/* Writes the offsets to the index, unless it already has them, which is usual. */
static void
flush_offsets(struct intake *in)
{
	uint64_t there[INDEX_BLOCK];
	uint64_t first = in->b->count - in->n;
	size_t bytes = in->n * sizeof(*there);
	bool same = file_read_exactly(in->b->items_index, there, bytes, (off_t)(first * sizeof(*there))) == 0;

	for (size_t i = 0; same && i < in->n; i++)
		same = le64toh(there[i]) == in->offsets[i];
	if (!same && batch_index_put(in->b->items_index, first, in->offsets, in->n) < 0)
		in->failed = true;
	in->n = 0;
}

/* Makes the line just counted the latest of its subject. Items of a subject usually follow one another. */
static void
take_subject(struct intake *in, const struct batch_place *place)
{
	const struct new_items none = {.first = UINT32_MAX};
	struct batch *b = in->b;
	struct keys_cursor c = {0};
	uint32_t was = 0, idx;

	if (strcmp(in->subject, place->subject) == 0) {
		c.slot = keys_slot(&b->keys, in->print, b->count - 1);
		was = c.slot ? b->count - 1 : 0;
	} else {
		in->print = keys_print_subject(place->subject);
		snprintf(in->subject, sizeof(in->subject), "%s", place->subject);
	}
	if (!was && place->idx > 1) {
		flush_offsets(in); /* reading lines reads the index */
		was = find_subject(b, &none, place->subject, in->print, &c, &idx);
	}
	set_latest(b, place->subject, in->print, b->count, was, &c);
}

static void
take_place(struct intake *in, const struct batch_place *place)
{
	struct batch *b = in->b;

	b->keys.last = keys_print_hex(place->key);
	if (b->keys.last)
		keys_add(&b->keys, b->keys.last, b->count, 0);
	if (b->keys.last && !(place->idx == 1 && keys_is_own_id(place->subject, b->count)))
		take_subject(in, place);
}

static bool
take_line(off_t at, const char *line, size_t n, void *arg)
{
	struct intake *in = arg;
	struct batch *b = in->b;
	struct batch_place place;

	b->count++;
	in->offsets[in->n++] = (uint64_t)at;
	if (in->n == INDEX_BLOCK)
		flush_offsets(in);
	if (b->mode == BATCH_ALONE) /* only the index is made */
		return !in->failed;
	if (batch_place(line, n, &place) == 0)
		take_place(in, &place);
	else
		b->keys.last = 0;
	if (keys_are_many(&b->keys)) {
		flush_offsets(in);
		keys_merge(b, at + (off_t)n + 1, false);
	}
	return !in->failed && !b->keys.damaged;
}

int
batch_extend_state(const struct batch *b)
{
	char fill[4096];
	struct stat st;

	if (fstat(b->state, &st) < 0)
		return -1;
	memset(fill, 'p', sizeof(fill));
	for (off_t at = st.st_size; at < (off_t)b->count;) {
		size_t want = (size_t)((off_t)b->count - at);

		want = want < sizeof(fill) ? want : sizeof(fill);
		if (file_write_at(b->state, fill, want, at) < 0)
			return -1;
		at += (off_t)want;
	}
	return 0;
}

static int
cut_beyond(int fd, off_t size)
{
	struct stat st;

	return fstat(fd, &st) < 0 || (st.st_size > size && ftruncate(fd, size) < 0) ? -1 : 0;
}

/* Removes what a power cut left of lost items, since new items will get their numbers. */
static int
fit_to_count(const struct batch *b)
{
	off_t count = (off_t)b->count;

	if (cut_beyond(b->items_index, count * (off_t)sizeof(uint64_t)) < 0 || cut_beyond(b->state, count) < 0)
		return -1;
	return batch_extend_state(b);
}

/* Reads the lines from READ_TO on. 0 or -1. */
static int
read_lines(struct batch *b)
{
	struct intake in = {.b = b};
	off_t upto = append_each(b->items, b->read_to, take_line, &in);

	flush_offsets(&in);
	if (upto < 0 || in.failed || batch_take_misread(b) || (!b->keys.damaged && fit_to_count(b) < 0)) {
		keys_forget(b);
		return -1;
	}
	b->read_to = upto;
	return 0;
}

int
batch_read_added(struct batch *b)
{
	off_t end = append_end(b->items);

	if (end < 0)
		return -1;
	do {
		keys_refresh(b, end);
		if (end < b->read_to)
			keys_forget(b); /* lines that we know were cut off */
		if (read_lines(b) < 0)
			return -1;
	} while (b->keys.damaged); /* then all lines are read */
	/* A process that adds many items merges them when they are many, or at the end. */
	if (!b->added)
		keys_merge(b, b->read_to, true);
	return 0;
}

int
batch_extend_state_to(struct batch *b, uint32_t k)
{
	struct stat st;
	int rc;

	if (k <= b->reached)
		return 0;
	if (fstat(b->state, &st) < 0)
		return -1;
	if (st.st_size >= (off_t)k) {
		b->reached = (uint32_t)(st.st_size < UINT32_MAX ? st.st_size : UINT32_MAX);
		return 0;
	}
	/* It grows only under this lock, so that a process that extends it does not overwrite a worker's byte. */
	if (lock_wait(b->items, LOCK_ALONE) < 0)
		return -1;
	rc = batch_read_added(b);
	lock_drop(b->items);
	if (rc == 0 && k > b->count) {
		errno = ENOENT;
		rc = -1;
	}
	return rc;
}

void
batch_end_adding(struct batch *b)
{
	int error = errno;

	if (b->added && lock_wait(b->items, LOCK_ALONE) == 0) {
		b->added = false;
		(void)batch_read_added(b);
		lock_drop(b->items);
	}
	errno = error;
}
