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

enum { KEY_BYTES = BATCH_KEY_BYTES };

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
find_earlier(struct batch *b, const struct new_items *new, const struct batch_ask *ask, char key[2 * KEY_BYTES + 1])
{
	unsigned char digest[HASH_BYTES];
	char earlier[2 * KEY_BYTES + 1];
	struct buf where = {0};
	uint32_t item;

	userinfo_insert(ask->where, ask->userinfo, &where);
	batch_make_key(ask, where.data, digest, earlier);
	item = batch_find_key(b, new, keys_print(digest), earlier);
	if (item)
		memcpy(key, earlier, sizeof(earlier));
	buf_free(&where);
	return item;
}

/* Adds one ask to the new lines, unless the item exists. KEY gets its identity. */
static void
take_ask(struct batch *b, struct new_items *new, struct batch_ask *ask, char key[2 * KEY_BYTES + 1])
{
	unsigned char digest[HASH_BYTES];
	struct batch_place *place = &new->places[new->n];
	uint64_t print;
	bool empty;

	if (ask->key)
		snprintf(place->key, sizeof(place->key), "%s", ask->key);
	else
		batch_make_key(ask, ask->where, digest, place->key);
	memcpy(key, place->key, sizeof(place->key));
	print = keys_print_hex(place->key);
	ask->item = batch_find_key(b, new, print, place->key);
	if (!ask->item && ask->userinfo && !ask->key)
		ask->item = find_earlier(b, new, ask, key);
	ask->is_new = !ask->item && !new->find_only;
	if (!ask->is_new)
		return;
	empty = strspn(ask->text + 1, " \t") == strcspn(ask->text + 1, "}");
	ask->item = place->item = new->first + (uint32_t) new->n;
	if (ask->subject)
		snprintf(place->subject, sizeof(place->subject), "%s", ask->subject);
	else
		snprintf(place->subject, sizeof(place->subject), "i%u", ask->item);
	place->idx = batch_next_idx(b, new, place->subject, ask->item);
	new->offsets[new->n++] = (uint64_t)b->read_to + new->lines.len;
	buf_printf(&new->lines, "{\"bi\":{\"n\":%u,\"key\":\"%s\",\"id\":\"%s\",\"idx\":%u}%s%s\n", place->item,
		   place->key, place->subject, place->idx, empty ? "" : ",", ask->text + 1);
	keys_add(&b->keys, print, ask->item, 0);
}

static int
write_block(struct batch *b, const struct new_items *new)
{
	if (new->n == 0)
		return 0;
	if (append_lines(b->items, b->read_to, new->lines.data, new->lines.len) < 0)
		return -1;
	b->read_to += (off_t) new->lines.len;
	b->count += (uint32_t) new->n;
	b->keys.last = keys_print_hex(new->places[new->n - 1].key);
	b->added = true;
	if (batch_index_put(b->items_index, new->first - 1, new->offsets, new->n) < 0)
		return -1;
	return batch_extend_state(b);
}

/* Adds the asks with the lock held. 0, 1 to try again without the table of keys, which is damaged, or -1. */
static int
add_locked(struct batch *b, struct batch_ask *asks, size_t n, struct new_items *new, char (*keys)[2 * KEY_BYTES + 1])
{
	int rc;

	if (batch_read_added(b) < 0)
		return -1;
	if (n > UINT32_MAX - 1 - b->count)
		return file_fail(EOVERFLOW);
	buf_clear(&new->lines);
	new->n = 0;
	new->first = b->count + 1;
	for (size_t i = 0; i < n; i++)
		take_ask(b, new, &asks[i], keys[i]);
	if (b->keys.damaged) {
		b->misread = 0;
		keys_forget(b);
		return 1;
	}
	if (b->behind && new->n < n && batch_recover_all(b) < 0) {
		keys_forget(b);
		return -1;
	}
	/* Secrets are on the disk before the items that need them. */
	rc = batch_take_misread(b) || batch_keep_userinfo(b, asks, keys, n) < 0 ? -1 : write_block(b, new);
	if (rc < 0)
		keys_forget(b); /* it has items that do not exist */
	else
		keys_merge(b, b->read_to, false);
	return rc;
}

static int
add(struct batch *b, struct batch_ask *asks, size_t n, bool find_only)
{
	struct new_items new = {.find_only = find_only};
	char(*keys)[2 * KEY_BYTES + 1];
	int rc, error;

	if (lock_wait(b->items, LOCK_ALONE) < 0)
		return -1;
	new.offsets = buf_alloc(n * sizeof(*new.offsets));
	new.places = buf_alloc(n * sizeof(*new.places));
	keys = buf_alloc(n * sizeof(*keys));
	while ((rc = add_locked(b, asks, n, &new, keys)) > 0)
		;
	error = errno;
	lock_drop(b->items);
	for (size_t i = 0; rc == 0 && i < n; i++) {
		int state = asks[i].is_new || !asks[i].item ? 'p' : batch_state(b, asks[i].item);

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

int
batch_add(struct batch *b, struct batch_ask *asks, size_t n)
{
	return add(b, asks, n, false);
}

int
batch_find(struct batch *b, struct batch_ask *ask)
{
	return add(b, ask, 1, true);
}
