#include "files/disk_table.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files/atomic_file.h"
#include "files/file.h"

/* RUN entries are read at once to find one, WINDOW or WINDOW_WIDE to process many. A table is full at 3/4. Runs of used
 * entries are short until then, so a run of PROBE_MAX means damage. */
enum { SIZE_FIRST = 1024, RUN = 32, WINDOW = 256, WINDOW_WIDE = 4096, PROBE_MAX = 16384 };

#define PLACES_MAX (UINT64_C(1) << 40)

/* The layout in the file. */
struct head {
	char magic[8];
	uint64_t size, used, check;
	uint64_t note[DISK_TABLE_NOTE_MAX];
};

struct entry {
	uint64_t print;
	uint32_t item, check;
};

_Static_assert(sizeof(struct head) == 72 && sizeof(struct entry) == 16, "the file has no padding");

static uint64_t
mix_bits(uint64_t a, uint64_t b)
{
	a = (a ^ b * 0x9e3779b97f4a7c15u) * 0xff51afd7ed558ccdu;
	return a ^ a >> 33;
}

static struct entry
make_entry(uint64_t print, uint32_t item)
{
	return (struct entry){htole64(print), htole32(item), htole32((uint32_t)mix_bits(print, item))};
}

static bool
is_free(const struct entry *e)
{
	return e->print == 0 && e->item == 0 && e->check == 0;
}

static bool
is_good(const struct entry *e)
{
	return e->item && le32toh(e->check) == (uint32_t)mix_bits(le64toh(e->print), le32toh(e->item));
}

static size_t
head_bytes(const struct disk_table *t)
{
	return offsetof(struct head, note) + t->kind->note * sizeof(uint64_t);
}

static off_t
offset_of(const struct disk_table *t, uint64_t place)
{
	return (off_t)(head_bytes(t) + place * sizeof(struct entry));
}

/* The highest bits, so that a larger table has the same order. */
uint64_t
disk_table_home(uint64_t print, uint64_t size)
{
	return print >> (__builtin_clzll(size) + 1);
}

/* 0, 1 if the file is shorter, -1 with errno. */
static int
read_at(int fd, void *bytes, size_t n, off_t at)
{
	ssize_t r = file_read_at(fd, bytes, n, at);

	return r < 0 ? -1 : (size_t)r == n ? 0 : 1;
}

static uint64_t
head_check(const struct disk_table *t)
{
	uint64_t check = mix_bits(t->size, t->used);

	for (unsigned i = 0; i < t->kind->note; i++)
		check = mix_bits(check, t->note[i]);
	return check;
}

int
disk_table_write_head(const struct disk_table *t)
{
	struct head h = {.size = htole64(t->size), .used = htole64(t->used), .check = htole64(head_check(t))};

	memcpy(h.magic, t->kind->magic, sizeof(h.magic));
	for (unsigned i = 0; i < t->kind->note; i++)
		h.note[i] = htole64(t->note[i]);
	return file_write_at(t->fd, &h, head_bytes(t), 0);
}

int
disk_table_read_head(struct disk_table *t)
{
	struct head h;
	struct stat st;
	int rc;

	if (fstat(t->fd, &st) < 0)
		return -1;
	if (!S_ISREG(st.st_mode))
		return 1;
	rc = read_at(t->fd, &h, head_bytes(t), 0);
	if (rc != 0)
		return rc;
	t->size = le64toh(h.size);
	t->used = le64toh(h.used);
	for (unsigned i = 0; i < t->kind->note; i++)
		t->note[i] = le64toh(h.note[i]);
	return memcmp(h.magic, t->kind->magic, sizeof(h.magic)) == 0 && le64toh(h.check) == head_check(t) &&
			       t->size >= SIZE_FIRST && t->size <= PLACES_MAX && (t->size & (t->size - 1)) == 0 &&
			       t->used < t->size && st.st_size == offset_of(t, t->size)
		       ? 0
		       : 1;
}

/* --- the file --- */

void
disk_table_close(struct disk_table *t)
{
	file_close(t->fd, 0);
	t->fd = -1;
}

int
disk_table_open(struct disk_table *t)
{
	int rc;

	disk_table_close(t);
	t->fd = openat(t->dir, t->kind->name, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (t->fd < 0)
		return errno == ENOENT || errno == ELOOP || errno == ENXIO ? 1 : -1;
	rc = disk_table_read_head(t);
	if (rc != 0)
		disk_table_close(t);
	return rc;
}

bool
disk_table_is_current(const struct disk_table *t)
{
	struct stat st;

	return t->fd >= 0 && fstat(t->fd, &st) == 0 && st.st_nlink > 0;
}

/* A new table of T's size in the file PART. */
static int
make_file(struct disk_table *t, struct atomic_file *part)
{
	if (atomic_file_open(part, t->temp) < 0)
		return -1;
	t->fd = part->fd;
	errno = posix_fallocate(t->fd, 0, offset_of(t, t->size));
	if (errno == 0 && disk_table_write_head(t) == 0)
		return 0;
	t->fd = -1;
	atomic_file_drop(part);
	return -1;
}

int
disk_table_make(struct disk_table *t, uint64_t n, struct atomic_file *part)
{
	t->used = 0;
	for (t->size = SIZE_FIRST; !disk_table_has_room(t, n);)
		t->size *= 2;
	return make_file(t, part);
}

int
disk_table_publish(struct disk_table *t, struct atomic_file *part)
{
	if (atomic_file_publish(part, t->dir, t->kind->name) == 0) {
		if (disk_table_open(t) == 0)
			return 0;
		return file_fail(EIO);
	}
	atomic_file_drop(part);
	return -1;
}

/* --- one entry --- */

int
disk_table_find(const struct disk_table *t, uint64_t print, uint32_t *probed, struct disk_found *found)
{
	struct entry run[RUN];

	while (*probed < PROBE_MAX) {
		uint64_t at = (disk_table_home(print, t->size) + *probed) & (t->size - 1);
		size_t n = t->size - at < RUN ? (size_t)(t->size - at) : RUN;
		int rc = read_at(t->fd, run, n * sizeof(*run), offset_of(t, at));

		if (rc != 0)
			return rc;
		for (size_t i = 0; i < n; i++) {
			bool vacant = is_free(&run[i]);

			++*probed;
			if (!vacant && !is_good(&run[i]))
				return 1;
			if (!vacant && le64toh(run[i].print) != print)
				continue;
			*found = (struct disk_found){at + i, le32toh(run[i].item)};
			return 0;
		}
	}
	return 1;
}

int
disk_table_put(const struct disk_table *t, uint64_t place, uint64_t print, uint32_t item)
{
	struct entry e = make_entry(print, item);

	return file_write_at(t->fd, &e, sizeof(e), offset_of(t, place));
}

bool
disk_table_has_room(const struct disk_table *t, uint64_t n)
{
	return t->used + n <= t->size - t->size / 4;
}

/* --- many entries --- */

/* A part of a table in memory. */
struct window {
	const struct disk_table *t;
	uint64_t first, n; /* its first place, and how many */
	bool loaded, dirty;
	struct entry v[WINDOW_WIDE];
};

/* A window for processing N entries that are spread over the table. */
static void
open_window(struct window *w, const struct disk_table *t, uint64_t n)
{
	w->t = t;
	w->loaded = w->dirty = false;
	w->n = n > t->size / WINDOW ? WINDOW_WIDE : WINDOW;
	if (w->n > t->size)
		w->n = t->size;
}

static int
flush_window(struct window *w)
{
	if (w->dirty && file_write_at(w->t->fd, w->v, w->n * sizeof(*w->v), offset_of(w->t, w->first)) < 0)
		return -1;
	w->dirty = false;
	return 0;
}

/* Moves the window to PLACE. 0, 1 if the file is shorter, -1. */
static int
move_window(struct window *w, uint64_t place)
{
	int rc;

	if (w->loaded && place - w->first < w->n)
		return 0;
	if (flush_window(w) < 0)
		return -1;
	w->first = place - place % w->n;
	rc = read_at(w->t->fd, w->v, w->n * sizeof(*w->v), offset_of(w->t, w->first));
	w->loaded = rc == 0;
	return rc;
}

/* Enters one entry. 0, 1 for a damaged table, -1. COUNTS: whether it is one more. What a killed process entered already
 * is not in the count of the head. */
static int
enter(struct window *w, const struct disk_entry *new, bool *counts)
{
	uint64_t place = disk_table_home(new->print, w->t->size);

	*counts = false;
	for (int probed = 0; probed < PROBE_MAX; probed++, place = (place + 1) & (w->t->size - 1)) {
		int rc = move_window(w, place);
		struct entry *e = &w->v[place % w->n];
		bool vacant, has_print;

		if (rc != 0)
			return rc;
		vacant = is_free(e);
		if (!vacant && !is_good(e))
			return 1;
		has_print = !vacant && le64toh(e->print) == new->print;
		*counts = vacant || (has_print && le32toh(e->item) == new->item);
		if (*counts && !vacant)
			return 0;
		if (!vacant && !(has_print && new->was &&le32toh(e->item) == new->was))
			continue;
		*e = make_entry(new->print, new->item);
		w->dirty = true;
		return 0;
	}
	return 1;
}

int
disk_table_merge(struct disk_table *t, const struct disk_entry *v, size_t n)
{
	struct window w;
	uint64_t count = 0;
	bool counts;
	int rc = 0;

	open_window(&w, t, n);
	for (size_t i = 0; i < n && rc == 0; i++) {
		if (!v[i].item)
			continue;
		rc = enter(&w, &v[i], &counts);
		count += counts;
	}
	if (rc == 0)
		rc = flush_window(&w);
	if (rc == 0)
		t->used += count;
	return rc;
}

int
disk_table_each(const struct disk_table *t, void (*see)(uint64_t print, uint32_t item, void *arg), void *arg)
{
	struct window w;
	int rc = 0;

	open_window(&w, t, t->size);
	for (uint64_t at = 0; at < t->size && rc == 0; at++) {
		const struct entry *e = &w.v[at % w.n];

		rc = move_window(&w, at);
		if (rc == 0 && !is_free(e)) {
			if (!is_good(e))
				return 1;
			see(le64toh(e->print), le32toh(e->item), arg);
		}
	}
	return rc;
}

struct copying {
	struct window w;
	uint64_t count;
	int rc;
};

static void
copy_entry(uint64_t print, uint32_t item, void *arg)
{
	struct copying *c = arg;
	bool counts = false;

	if (c->rc == 0)
		c->rc = enter(&c->w, &(struct disk_entry){.print = print, .item = item}, &counts);
	c->count += counts;
}

/* Both tables have the same order, so they are processed from the front. */
int
disk_table_enlarge(const struct disk_table *t, uint64_t n, struct disk_table *made, struct atomic_file *part)
{
	struct copying c;
	int rc;

	*made = *t;
	made->fd = -1;
	do
		made->size *= 2;
	while (!disk_table_has_room(made, n));
	if (make_file(made, part) < 0)
		return -1;
	c.count = 0;
	c.rc = 0;
	open_window(&c.w, made, made->size);
	rc = disk_table_each(t, copy_entry, &c);
	if (rc == 0)
		rc = c.rc;
	if (rc == 0)
		rc = flush_window(&c.w);
	made->used = c.count;
	if (rc == 0)
		rc = disk_table_write_head(made);
	if (rc == 0)
		return 0;
	made->fd = -1;
	atomic_file_drop(part);
	return rc;
}
