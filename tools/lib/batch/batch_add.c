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

enum { KEY_BYTES = BATCH_KEY_BYTES, INDEX_BLOCK = 1024 };

static uint32_t
print_of(const unsigned char *digest)
{
	uint32_t print;

	memcpy(&print, digest, sizeof(print));
	return print;
}

/* Reads what an item's line says. Also false if the line cannot be read; take_misread_error() then reports that, since
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

/* Whether a line could not be read since the last call; errno has the reason. */
static bool
take_misread_error(struct batch *b)
{
	int error = b->misread;

	b->misread = 0;
	if (error)
		errno = error;
	return error != 0;
}

/* Searches an identity or subject among the items, including those of a block that is not written yet. */
struct block {
	struct buf lines;
	uint64_t *offsets;
	struct batch_place *places;
	size_t n;
	uint32_t first; /* the number of the first item of the block */
};

static bool
place_in(struct batch *b, const struct block *new, uint32_t k, struct batch_place *place)
{
	if (k < new->first)
		return place_of(b, k, place);
	*place = new->places[k - new->first];
	return true;
}

static uint32_t
find_key(struct batch *b, const struct block *new, uint32_t print, const char *key)
{
	struct batch_place place;
	uint32_t cursor = 0;

	for (const struct table_slot *s; (s = table_next(&b->keys, print, &cursor));)
		if (place_in(b, new, s->item, &place) && strcmp(place.key, key) == 0)
			return s->item;
	return 0;
}

/* The slot of a subject's latest item, with its place; NULL for a subject that has none. */
static struct table_slot *
find_subject(struct batch *b, const struct block *new, const char *id, struct batch_place *place)
{
	unsigned char digest[HASH_BYTES];
	uint32_t cursor = 0;

	hash_bytes(id, strlen(id), digest);
	for (struct table_slot *s; (s = table_next(&b->subjects, print_of(digest), &cursor));)
		if (place_in(b, new, s->item, place) && strcmp(place->subject, id) == 0)
			return s;
	return NULL;
}

/* Whether ID is the id that item K has by itself: `i` and its number. */
static bool
is_own_id(const char *id, uint32_t k)
{
	char own[16];

	snprintf(own, sizeof(own), "i%u", k);
	return strcmp(own, id) == 0;
}

/* The idx of a new item K of the subject ID. The table has the latest item of each subject, except for items that are
 * their own subject: the number in the id leads to those. */
static uint32_t
next_idx(struct batch *b, const struct block *new, const char *id, uint32_t k)
{
	struct batch_place place;
	struct table_slot *slot = find_subject(b, new, id, &place);
	unsigned long other = id[0] == 'i' ? strtoul(id + 1, NULL, 10) : 0;
	unsigned char digest[HASH_BYTES];
	uint32_t idx = 1;

	if (slot) {
		slot->item = k;
		return place.idx + 1;
	}
	if (other > 0 && other < k && place_in(b, new, (uint32_t)other, &place) && strcmp(place.subject, id) == 0)
		idx = place.idx + 1;
	if (!is_own_id(id, k)) {
		hash_bytes(id, strlen(id), digest);
		table_add(&b->subjects, print_of(digest), k);
	}
	return idx;
}

/* Adds one line of the file to the tables: its identity, its subject, its offset. */
struct intake {
	struct batch *b;
	uint64_t offsets[INDEX_BLOCK];
	size_t n;
	bool failed;
	char subject[SUBJECT_MAX + 1]; /* of the previous line: its place in the table */
	uint32_t print;                /* of that subject */
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

/* The slot of item K, whose subject has this fingerprint; NULL if there is none. */
static struct table_slot *
slot_of(struct table *t, uint32_t print, uint32_t k)
{
	uint32_t cursor = 0;

	for (struct table_slot *s; (s = table_next(t, print, &cursor));)
		if (s->item == k)
			return s;
	return NULL;
}

/* Makes the line just counted the latest of its subject. Items of a subject usually follow one another. */
static void
take_subject(struct intake *in, const struct batch_place *place)
{
	const struct block none = {.first = UINT32_MAX};
	struct batch *b = in->b;
	struct batch_place latest;
	struct table_slot *slot = NULL;
	unsigned char digest[HASH_BYTES];

	if (strcmp(in->subject, place->subject) == 0) {
		slot = slot_of(&b->subjects, in->print, b->count - 1);
	} else {
		hash_bytes(place->subject, strlen(place->subject), digest);
		in->print = print_of(digest);
		snprintf(in->subject, sizeof(in->subject), "%s", place->subject);
	}
	if (!slot && place->idx > 1) {
		flush_offsets(in); /* reading lines reads the index */
		slot = find_subject(b, &none, place->subject, &latest);
	}
	if (slot)
		slot->item = b->count;
	else
		table_add(&b->subjects, in->print, b->count);
}

static bool
take_line(off_t at, const char *line, size_t n, void *arg)
{
	struct intake *in = arg;
	struct batch *b = in->b;
	struct batch_place place;
	unsigned char key[KEY_BYTES];

	b->count++;
	in->offsets[in->n++] = (uint64_t)at;
	if (in->n == INDEX_BLOCK)
		flush_offsets(in);
	if (b->mode == BATCH_ALONE) /* nothing is added */
		return true;
	if (batch_place(line, n, &place) < 0 || strlen(place.key) != 2 * KEY_BYTES)
		return true;
	for (size_t i = 0; i < KEY_BYTES; i++) {
		char pair[3] = {place.key[2 * i], place.key[2 * i + 1], '\0'};

		key[i] = (unsigned char)strtoul(pair, NULL, 16);
	}
	table_add(&b->keys, print_of(key), b->count);
	if (place.idx == 1 && is_own_id(place.subject, b->count))
		return true;
	take_subject(in, &place);
	return true;
}

/* Missing bytes of `state` mean p. */
static int
extend_state(const struct batch *b)
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
	return extend_state(b);
}

static void
forget_items(struct batch *b)
{
	table_clear(&b->keys);
	table_clear(&b->subjects);
	b->read_to = 0;
	b->count = 0;
}

int
batch_read_added(struct batch *b)
{
	struct intake in = {.b = b};
	off_t end = append_end(b->items);
	off_t upto;

	if (end < 0)
		return -1;
	if (end < b->read_to)
		forget_items(b); /* lines that we know were cut off */
	upto = append_each(b->items, b->read_to, take_line, &in);
	flush_offsets(&in);
	if (upto < 0 || in.failed || take_misread_error(b) || fit_to_count(b) < 0) {
		forget_items(b);
		return -1;
	}
	b->read_to = upto;
	return 0;
}

void
batch_make_key(const struct batch_ask *ask, const char *where, unsigned char digest[HASH_BYTES], char *hex)
{
	struct buf identity = {0};

	buf_str(&identity, ask->kind);
	buf_add(&identity, "", 1);
	buf_str(&identity, ask->subject ? ask->subject : "");
	buf_add(&identity, "", 1);
	buf_str(&identity, where);
	hash_bytes(identity.data, identity.len, digest);
	hash_hex(digest, KEY_BYTES, hex);
	buf_free(&identity);
}

/* The item that an earlier version added for this ask, with the userinfo in its identity; 0: there is none. If found,
 * KEY gets that identity. */
static uint32_t
find_earlier(struct batch *b, const struct block *new, const struct batch_ask *ask, char key[2 * KEY_BYTES + 1])
{
	unsigned char digest[HASH_BYTES];
	char earlier[2 * KEY_BYTES + 1];
	struct buf where = {0};
	uint32_t item;

	userinfo_insert(ask->where, ask->userinfo, &where);
	batch_make_key(ask, where.data, digest, earlier);
	item = find_key(b, new, print_of(digest), earlier);
	if (item)
		memcpy(key, earlier, sizeof(earlier));
	buf_free(&where);
	return item;
}

/* Adds one ask to the new lines, unless the item exists. KEY gets its identity. */
static void
take_ask(struct batch *b, struct block *new, struct batch_ask *ask, char key[2 * KEY_BYTES + 1])
{
	unsigned char digest[HASH_BYTES];
	struct batch_place *place = &new->places[new->n];
	bool empty = strspn(ask->text + 1, " \t") == strcspn(ask->text + 1, "}");

	batch_make_key(ask, ask->where, digest, place->key);
	memcpy(key, place->key, sizeof(place->key));
	ask->item = find_key(b, new, print_of(digest), place->key);
	if (!ask->item && ask->userinfo)
		ask->item = find_earlier(b, new, ask, key);
	ask->is_new = !ask->item;
	if (ask->item)
		return;
	ask->item = place->item = new->first + (uint32_t) new->n;
	if (ask->subject)
		snprintf(place->subject, sizeof(place->subject), "%s", ask->subject);
	else
		snprintf(place->subject, sizeof(place->subject), "i%u", ask->item);
	place->idx = next_idx(b, new, place->subject, ask->item);
	new->offsets[new->n++] = (uint64_t)b->read_to + new->lines.len;
	buf_printf(&new->lines, "{\"bi\":{\"n\":%u,\"key\":\"%s\",\"id\":\"%s\",\"idx\":%u}%s%s\n", place->item,
		   place->key, place->subject, place->idx, empty ? "" : ",", ask->text + 1);
	table_add(&b->keys, print_of(digest), ask->item);
}

static int
write_block(struct batch *b, const struct block *new)
{
	if (new->n == 0)
		return 0;
	if (append_lines(b->items, b->read_to, new->lines.data, new->lines.len) < 0)
		return -1;
	b->read_to += (off_t) new->lines.len;
	b->count += (uint32_t) new->n;
	if (batch_index_put(b->items_index, new->first - 1, new->offsets, new->n) < 0)
		return -1;
	return extend_state(b);
}

int
batch_add(struct batch *b, struct batch_ask *asks, size_t n)
{
	struct block new = {0};
	char(*keys)[2 * KEY_BYTES + 1] = NULL;
	int rc = -1, error;

	if (lock_wait(b->items, LOCK_ALONE) < 0)
		return -1;
	if (batch_read_added(b) == 0) {
		if (n > UINT32_MAX - 1 - b->count) {
			errno = EOVERFLOW;
			goto out;
		}
		new.first = b->count + 1;
		new.offsets = buf_alloc(n * sizeof(*new.offsets));
		new.places = buf_alloc(n * sizeof(*new.places));
		keys = buf_alloc(n * sizeof(*keys));
		for (size_t i = 0; i < n; i++)
			take_ask(b, &new, &asks[i], keys[i]);
		/* Secrets are on the disk before the items that need them. */
		rc = take_misread_error(b) || batch_keep_userinfo(b, asks, keys, n) < 0 ? -1 : write_block(b, &new);
		if (rc < 0)
			forget_items(b); /* the tables have items that do not exist */
	}
out:
	error = errno;
	lock_drop(b->items);
	for (size_t i = 0; rc == 0 && i < n; i++) {
		int state = asks[i].is_new ? 'p' : batch_state(b, asks[i].item);

		if (state < 0)
			error = errno;
		rc = state < 0 ? -1 : 0;
		asks[i].state = (char)state;
	}
	free(new.offsets);
	free(new.places);
	free(keys);
	buf_free(&new.lines);
	errno = error;
	return rc;
}
