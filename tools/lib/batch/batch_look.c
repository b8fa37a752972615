#include "batch/batch_look.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/table.h"
#include "base/userinfo.h"
#include "batch/batch_internal.h"
#include "files/append.h"

struct batch_look {
	struct batch *batch; /* NULL: it does not exist */
	struct table table;  /* key to its number in KEYS, from 1 */
	struct known {
		unsigned char key[BATCH_KEY_BYTES];
		bool looked; /* the key was looked up */
	} * keys;            /* the keys of the items of the batch, then of others that were looked up */
	uint32_t items, count, room;
};

static uint32_t
print_of_key(const unsigned char *key)
{
	uint32_t print;

	memcpy(&print, key, sizeof(print));
	return print;
}

static void
add_key(struct batch_look *l, const unsigned char *key)
{
	if (l->count == l->room) {
		l->room = l->room ? 2 * l->room : 256;
		l->keys = buf_realloc(l->keys, l->room * sizeof(*l->keys));
	}
	l->keys[l->count] = (struct known){.looked = false};
	memcpy(l->keys[l->count].key, key, BATCH_KEY_BYTES);
	l->count++;
	table_add(&l->table, print_of_key(key), l->count);
}

/* Each line is an item, even a damaged one, because the numbers of items are those of lines. */
static bool
add_line(off_t at, const char *line, size_t n, void *arg)
{
	unsigned char key[BATCH_KEY_BYTES] = {0};
	struct batch_place place;

	(void)at;
	if (batch_place(line, n, &place) == 0 && strlen(place.key) == 2 * BATCH_KEY_BYTES)
		for (size_t i = 0; i < BATCH_KEY_BYTES; i++) {
			const char pair[3] = {place.key[2 * i], place.key[2 * i + 1], '\0'};

			key[i] = (unsigned char)strtoul(pair, NULL, 16);
		}
	add_key(arg, key);
	return true;
}

struct batch_look *
batch_look_open(struct batch *b)
{
	struct batch_look *l = buf_alloc(sizeof(*l));

	l->batch = b;
	if (b && b->items >= 0 && append_each(b->items, 0, add_line, l) < 0) {
		int error = errno;

		batch_look_close(l);
		errno = error;
		return NULL;
	}
	l->items = l->count;
	return l;
}

void
batch_look_close(struct batch_look *l)
{
	if (!l)
		return;
	table_clear(&l->table);
	free(l->keys);
	free(l);
}

/* The number of a key; 0: there is no such key. */
static uint32_t
find_known(const struct batch_look *l, const unsigned char *key)
{
	uint32_t cursor = 0;

	for (const struct table_slot *s; (s = table_next(&l->table, print_of_key(key), &cursor));)
		if (memcmp(l->keys[s->item - 1].key, key, BATCH_KEY_BYTES) == 0)
			return s->item;
	return 0;
}

enum batch_looked
batch_look(struct batch_look *l, struct batch_ask *ask)
{
	unsigned char digest[HASH_BYTES], earlier[HASH_BYTES];
	char hex[2 * BATCH_KEY_BYTES + 1];
	uint32_t k;
	int state;

	batch_make_key(ask, ask->where, digest, hex);
	k = find_known(l, digest);
	if (!k && ask->userinfo) { /* an earlier version put the userinfo in the identity */
		struct buf where = {0};

		userinfo_insert(ask->where, ask->userinfo, &where);
		batch_make_key(ask, where.data, earlier, hex);
		k = find_known(l, earlier);
		buf_free(&where);
	}
	if (!k) {
		add_key(l, digest);
		l->keys[l->count - 1].looked = true;
		return LOOK_NEW;
	}
	if (l->keys[k - 1].looked)
		return LOOK_AGAIN;
	l->keys[k - 1].looked = true;
	state = batch_state(l->batch, k);
	if (state < 0)
		return LOOK_ERROR;
	ask->item = k;
	ask->state = (char)state;
	return LOOK_THERE;
}
