#include "batch/batch_keys.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/hex.h"
#include "base/scan.h"
#include "batch/batch_internal.h"
#include "files/append.h"
#include "files/atomic_file.h"
#include "files/file.h"

/* Lines in memory are merged when they are YOUNG_MIN and an eighth of the table, so that a table is rewritten a few
 * times while it doubles; but YOUNG_MAX at most are in memory. Whoever finds FEW_BYTES of lines behind the mark when it
 * begins merges them, so that no start reads more. */
enum { YOUNG_FIRST = 1024, YOUNG_MIN = 1 << 16, YOUNG_MAX = 1 << 20, YOUNG_SHARE = 8, FEW_BYTES = 1 << 20 };

/* A look-up on the disk costs as much as reading this many entries in order. */
enum { LOOKUP_COST = 256 };

enum { FILTER_BITS = 3 }; /* a word for 8 places */

/* The numbers of the note. */
enum { NOTE_UPTO, NOTE_COUNT, NOTE_INODE, NOTE_LAST, NOTE_NUMBERED, NOTES };

static const struct disk_table_kind kind = {
	.name = "keys.index",
	.magic = {'b', 'i', 'k', 'e', 'y', 's', '0', '1'},
	.note = NOTES,
};

void
keys_init(struct keys *k, int dirfd, int tempfd)
{
	k->table = (struct disk_table){.kind = &kind, .dir = dirfd, .temp = tempfd, .fd = -1};
}

static void
drop_filter(struct keys *k)
{
	free(k->filter);
	k->filter = NULL;
	k->lookups = 0;
}

static void
clear_young(struct keys *k)
{
	free(k->young);
	k->young = NULL;
	k->young_size = k->young_used = 0;
}

void
keys_clear(struct keys *k)
{
	disk_table_close(&k->table);
	drop_filter(k);
	clear_young(k);
	k->mark = 0;
	k->damaged = k->verified = k->unreadable = false;
}

static uint64_t
print_of(const unsigned char *digest)
{
	uint64_t print;

	memcpy(&print, digest, sizeof(print));
	return be64toh(print);
}

uint64_t
keys_print(const unsigned char *key)
{
	return print_of(key) & ~UINT64_C(1);
}

uint64_t
keys_print_hex(const char *key)
{
	unsigned char bytes[BATCH_KEY_BYTES];

	for (size_t i = 0; i < sizeof(bytes); i++) {
		int high = hex_value(key[2 * i]), low = high < 0 ? -1 : hex_value(key[2 * i + 1]);

		if (low < 0)
			return 0;
		bytes[i] = (unsigned char)(high << 4 | low);
	}
	return key[2 * sizeof(bytes)] == '\0' ? keys_print(bytes) : 0;
}

uint64_t
keys_print_subject(const char *id)
{
	unsigned char digest[HASH_BYTES];

	hash_bytes(id, strlen(id), digest);
	return print_of(digest) | 1;
}

bool
keys_has_number(const char *id)
{
	return id[0] == 'i' && id[1] > '0' && id[1] <= '9';
}

bool
keys_is_own_id(const char *id, uint32_t k)
{
	const char *at = id + 1, *end = id + strlen(id);
	uint32_t number;

	return keys_has_number(id) && scan_item(&at, end, &number) && at == end && number == k;
}

/* --- in memory --- */

/* The slot of the entry number STEPS from the home of PRINT on. */
static struct disk_entry *
slot_at(const struct keys *k, uint64_t print, uint64_t steps)
{
	return &k->young[(disk_table_home(print, k->young_size) + steps) & (k->young_size - 1)];
}

static void
put_young(struct keys *k, struct disk_entry e)
{
	uint64_t steps = 0;

	while (slot_at(k, e.print, steps)->item)
		steps++;
	*slot_at(k, e.print, steps) = e;
	k->young_used++;
}

void
keys_add(struct keys *k, uint64_t print, uint32_t item, uint32_t was)
{
	if (k->young_used >= k->young_size / 4 * 3) {
		struct disk_entry *old = k->young;
		uint64_t n = k->young_size;

		k->young_size = n ? 2 * n : YOUNG_FIRST;
		k->young_used = 0;
		k->young = buf_alloc(k->young_size * sizeof(*k->young));
		for (uint64_t i = 0; i < n; i++)
			if (old[i].item)
				put_young(k, old[i]);
		free(old);
	}
	put_young(k, (struct disk_entry){print, item, was});
}

struct disk_entry *
keys_slot(const struct keys *k, uint64_t print, uint32_t item)
{
	struct disk_entry *e;

	for (uint64_t steps = 0; k->young_size && (e = slot_at(k, print, steps))->item; steps++)
		if (e->print == print && e->item == item)
			return e;
	return NULL;
}

/* --- on the disk --- */

int
keys_remove(struct batch *b)
{
	return unlinkat(b->dir, kind.name, 0) == 0 || errno == ENOENT ? 0 : -1;
}

/* The table cannot be believed, or, if RC is negative, not be read. */
static void
note_damage(struct keys *k, int rc)
{
	k->damaged = true;
	if (rc < 0 || (!k->verified && unlinkat(k->table.dir, kind.name, 0) < 0 && errno != ENOENT))
		k->unreadable = true;
}

/* The bits of PRINT in a filter of a table of SIZE places: the word, and three of its bits. */
static uint64_t *
filter_word(const struct keys *k, uint64_t print, uint64_t *bits)
{
	*bits = UINT64_C(1) << (print >> 1 & 63) | UINT64_C(1) << (print >> 7 & 63) | UINT64_C(1) << (print >> 13 & 63);
	return &k->filter[disk_table_home(print, k->table.size) >> FILTER_BITS];
}

static void
add_to_filter(uint64_t print, uint32_t item, void *arg)
{
	uint64_t bits, *word = filter_word(arg, print, &bits);

	(void)item;
	*word |= bits;
}

/* Makes a filter. 0, 1 for a damaged table, -1. */
static int
make_filter(struct keys *k)
{
	int rc;

	k->filter = buf_alloc((k->table.size >> FILTER_BITS) * sizeof(*k->filter));
	rc = disk_table_each(&k->table, add_to_filter, k);
	if (rc != 0)
		drop_filter(k);
	return rc;
}

/* Whether an entry of PRINT may be on the disk (a Bloom filter). */
static bool
may_be_on_disk(const struct keys *k, uint64_t print)
{
	uint64_t bits;

	return !k->filter || (*filter_word(k, print, &bits) & bits) == bits;
}

/* The next item on the disk; 0 if there is none. */
static uint32_t
next_on_disk(struct keys *k, uint64_t print, struct keys_cursor *c)
{
	struct disk_found found = {0};
	int rc = 0;

	if (k->table.fd < 0 || k->damaged)
		return 0;
	/* A filter is made when it has become worth its cost. */
	if (!c->on_disk && !k->filter && k->lookups++ >= k->table.size / LOOKUP_COST)
		rc = make_filter(k);
	if (rc == 0 && (c->on_disk || may_be_on_disk(k, print)))
		rc = disk_table_find(&k->table, print, &c->probed, &found);
	c->on_disk = true;
	if (rc == 0)
		return found.item;
	note_damage(k, rc);
	return 0;
}

uint32_t
keys_next(struct keys *k, uint64_t print, struct keys_cursor *c)
{
	while (k->young_size && !c->on_disk) {
		struct disk_entry *e = slot_at(k, print, c->steps++);

		if (!e->item)
			break;
		c->slot = e;
		if (e->print == print)
			return e->item;
	}
	c->slot = NULL;
	return next_on_disk(k, print, c);
}

/* --- the mark --- */

/* The print of the line of item COUNT, which ends at UPTO, 0 if it is not a valid line. 0, or -1 if there is no such
 * line. */
static int
read_last(const struct batch *b, uint32_t count, off_t upto, uint64_t *print)
{
	struct batch_place place;
	char line[256], end = '\0';
	uint64_t at;
	ssize_t n;

	*print = 0;
	if (batch_index_get(b->items_index, count - 1, &at) < 0 || (off_t)at >= upto ||
	    file_read_exactly(b->items, &end, 1, upto - 1) < 0 || end != '\n')
		return -1;
	n = file_read_at(b->items, line, sizeof(line), (off_t)at);
	if (n > 0 && batch_place(line, (size_t)n, &place) == 0 && place.item == count)
		*print = keys_print_hex(place.key);
	return n < 0 ? -1 : 0;
}

/* Whether the open table is of the lines that B has. */
static bool
is_of_batch(const struct batch *b, off_t end)
{
	const uint64_t *note = b->keys.table.note;
	uint64_t last;
	struct stat items, index;

	return note[NOTE_UPTO] > 0 && note[NOTE_UPTO] <= (uint64_t)end && note[NOTE_COUNT] > 0 &&
	       note[NOTE_COUNT] < UINT32_MAX && fstat(b->items, &items) == 0 &&
	       note[NOTE_INODE] == (uint64_t)items.st_ino && fstat(b->items_index, &index) == 0 &&
	       (uint64_t)index.st_size / sizeof(uint64_t) >= note[NOTE_COUNT] &&
	       read_last(b, (uint32_t)note[NOTE_COUNT], (off_t)note[NOTE_UPTO], &last) == 0 && last == note[NOTE_LAST];
}

void
keys_forget(struct batch *b)
{
	struct keys *k = &b->keys;
	bool has_table = k->mark > 0 && !k->damaged;

	clear_young(k);
	if (!has_table)
		k->mark = 0;
	b->read_to = k->mark;
	b->count = has_table ? (uint32_t)k->table.note[NOTE_COUNT] : 0;
	k->last = has_table ? k->table.note[NOTE_LAST] : 0;
	k->numbered = has_table && k->table.note[NOTE_NUMBERED];
}

void
keys_refresh(struct batch *b, off_t end)
{
	struct keys *k = &b->keys;
	struct disk_table *t = &k->table;
	bool is_same = !k->damaged && disk_table_is_current(t);
	int rc = 1;

	if (t->temp < 0) /* the batch is checked or made anew: the lines are read */
		return;
	if (!k->unreadable)
		rc = is_same ? disk_table_read_head(t) : disk_table_open(t);
	k->unreadable = k->unreadable || rc < 0;
	if (rc == 0 && is_same && k->mark == (off_t)t->note[NOTE_UPTO] && k->mark <= end)
		return;
	drop_filter(k);
	k->damaged = false;
	if (rc == 0 && is_of_batch(b, end)) {
		k->mark = (off_t)t->note[NOTE_UPTO];
		keys_forget(b);
		return;
	}
	disk_table_close(t);
	if (k->mark > 0) {
		k->mark = 0;
		keys_forget(b);
	}
}

/* --- merging --- */

bool
keys_are_many(const struct keys *k)
{
	uint64_t share = k->table.fd >= 0 ? k->table.used / YOUNG_SHARE : 0;

	return k->young_used >= YOUNG_MAX || (k->young_used >= YOUNG_MIN && k->young_used >= share);
}

/* Writes the entries into the table T, and its mark. The entries of a table that is in use, which has a name, are on
 * the disk before its mark. 0, 1 if it is damaged, -1. */
static int
fill_table(struct keys *k, struct disk_table *t, const uint64_t note[NOTES], bool in_use)
{
	uint64_t used = t->used, old[DISK_TABLE_NOTE_MAX];
	int rc = disk_table_merge(t, k->young, k->young_size);

	if (rc == 0 && in_use && fdatasync(t->fd) < 0)
		rc = -1;
	if (rc != 0) {
		t->used = used;
		return rc;
	}
	memcpy(old, t->note, sizeof(old));
	memcpy(t->note, note, sizeof(t->note));
	if (disk_table_write_head(t) < 0) {
		memcpy(t->note, old, sizeof(old));
		t->used = used;
		return -1;
	}
	return !in_use && fdatasync(t->fd) < 0 ? -1 : 0;
}

/* The same for a new table, larger than the present one if there is one, which replaces it. */
static int
replace_table(struct keys *k, const uint64_t note[NOTES])
{
	struct disk_table made = k->table;
	struct atomic_file part;
	int rc;

	if (k->table.fd >= 0)
		rc = disk_table_enlarge(&k->table, k->young_used, &made, &part);
	else
		rc = disk_table_make(&made, k->young_used, &part);
	if (rc != 0)
		return rc;
	rc = fill_table(k, &made, note, false);
	if (rc == 0)
		return disk_table_publish(&k->table, &part);
	atomic_file_drop(&part);
	return rc;
}

static int
merge(struct batch *b, off_t upto)
{
	struct keys *k = &b->keys;
	struct stat st;
	int rc;

	/* Lines first: no entry is ahead of them. */
	if (fstat(b->items, &st) < 0 || fdatasync(b->items) < 0 || fdatasync(b->items_index) < 0)
		return -1;
	const uint64_t note[NOTES] = {
		[NOTE_UPTO] = (uint64_t)upto, [NOTE_COUNT] = b->count,       [NOTE_INODE] = (uint64_t)st.st_ino,
		[NOTE_LAST] = k->last,        [NOTE_NUMBERED] = k->numbered,
	};
	if (k->table.fd < 0 || !disk_table_has_room(&k->table, k->young_used)) {
		rc = replace_table(k, note);
		drop_filter(k);
	} else {
		rc = fill_table(k, &k->table, note, true);
		for (uint64_t i = 0; rc == 0 && k->filter && i < k->young_size; i++)
			if (k->young[i].item)
				add_to_filter(k->young[i].print, 0, k);
	}
	return rc;
}

void
keys_merge(struct batch *b, off_t upto, bool few)
{
	struct keys *k = &b->keys;
	int rc;

	if (k->table.temp < 0 || k->unwritable || k->unreadable || k->damaged ||
	    !(keys_are_many(k) || (few && upto - k->mark >= FEW_BYTES)))
		return;
	rc = merge(b, upto);
	if (rc > 0)
		note_damage(k, rc);
	k->unwritable = rc < 0;
	/* A new table has replaced it, and could not be opened. */
	if (k->mark > 0 && k->table.fd < 0)
		k->damaged = true;
	if (rc == 0) {
		memset(k->young, 0, k->young_size * sizeof(*k->young));
		k->young_used = 0;
		k->mark = upto;
	}
}

/* --- verifying --- */

struct verifying {
	struct batch *b;
	uint32_t k, count;
	uint32_t wrong; /* the first item to which nothing leads; 0: none */
};

/* Whether an entry of PRINT leads to item K, or with LATER to a later one. */
static bool
leads_to(struct keys *k, uint64_t print, uint32_t item, bool later)
{
	struct keys_cursor c = {0};

	for (uint32_t found; (found = keys_next(k, print, &c));)
		if (found == item || (later && found > item))
			return true;
	return false;
}

static bool
verify_line(off_t at, const char *line, size_t n, void *arg)
{
	struct verifying *v = arg;
	struct keys *k = &v->b->keys;
	struct batch_place place;

	(void)at;
	v->k++;
	if (batch_place(line, n, &place) == 0 && keys_print_hex(place.key) &&
	    !(leads_to(k, keys_print_hex(place.key), v->k, false) &&
	      ((place.idx == 1 && keys_is_own_id(place.subject, v->k)) ||
	       leads_to(k, keys_print_subject(place.subject), v->k, true))))
		v->wrong = v->k;
	return !v->wrong && v->k < v->count;
}

int64_t
batch_check_keys(struct batch *b)
{
	struct disk_table *t = &b->keys.table;
	struct verifying v = {.b = b};
	struct stat st;
	int rc = file_stat(b->dir, kind.name, NULL);

	if (rc > 0)
		rc = disk_table_open(t) < 0 ? -1 : t->fd >= 0 ? 2 : 1;
	if (rc < 2)
		return rc;
	if (fstat(b->items, &st) < 0)
		return -1;
	if (t->note[NOTE_INODE] != (uint64_t)st.st_ino) /* of the batch of which this one is a copy: it is not used */
		return 0;
	if (!is_of_batch(b, st.st_size))
		return 1;
	v.count = (uint32_t)t->note[NOTE_COUNT];
	b->keys.verified = true;
	rc = append_each(b->items, 0, verify_line, &v) < 0 || b->keys.unreadable ? -1 : 0;
	if (b->keys.damaged && !v.wrong)
		v.wrong = 1;
	keys_clear(&b->keys);
	return rc < 0 ? -1 : (int64_t)v.wrong;
}
