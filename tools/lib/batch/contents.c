#include "batch/contents.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "files/atomic_file.h"
#include "files/file.h"

/* RUN entries are read at once; TABLE_FIRST and each larger size are a multiple of RUN. A table is full at 3/4, and its
 * head may say RESERVE more. Runs of
 * used entries are short until then, so a run of PROBE_MAX means damage. */
enum { TABLE_FIRST = 1024, RUN = 32, PROBE_MAX = 16384, RESERVE = 128, DIGEST_HEX = 64, PRINT_HEX = 16 };

static const char name[] = "contents.index";
static const char magic[8] = {'b', 'i', '-', 'c', 'o', 'n', 't', '1'};

/* The layout in the file. */
struct head {
	char magic[8];
	uint64_t size, used, check;
};

struct entry {
	uint64_t print;
	uint32_t item, check;
};

_Static_assert(sizeof(struct head) == 32 && sizeof(struct entry) == 16, "the file has no padding");

struct contents {
	int dir, temp;
	int fd;        /* -1: none */
	uint64_t size; /* of the table in fd */
	uint64_t used; /* entries in it, while ADDING */
	bool current;  /* between contents_begin() and contents_end(): fd is the file that has the name */
	bool adding;   /* the head of fd says that there are RESERVED */
	uint64_t reserved;
	contents_fill *fill;
	void *arg;
	struct atomic_file part; /* a new table that is being filled; otherwise its fd is -1 */
};

static uint64_t
mix_bits(uint64_t a, uint64_t b)
{
	a = (a ^ b * 0x9e3779b97f4a7c15u) * 0xff51afd7ed558ccdu;
	return a ^ a >> 33;
}

static uint32_t
entry_check(uint64_t print, uint32_t item)
{
	return (uint32_t)mix_bits(print, item);
}

static bool
is_free(const struct entry *e)
{
	return e->print == 0 && e->item == 0 && e->check == 0;
}

static bool
is_good(const struct entry *e)
{
	return e->item && le32toh(e->check) == entry_check(le64toh(e->print), le32toh(e->item));
}

static off_t
offset_of(uint64_t place)
{
	return (off_t)(sizeof(struct head) + place * sizeof(struct entry));
}

/* The place of a fingerprint in a table whose size is a power of two: its highest bits, so that a larger table has the
 * same order. */
static uint64_t
home_place(uint64_t print, uint64_t size)
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

static int
put_head(int fd, uint64_t size, uint64_t used)
{
	struct head h = {.size = htole64(size), .used = htole64(used), .check = htole64(mix_bits(size, used))};

	memcpy(h.magic, magic, sizeof(magic));
	return file_write_at(fd, &h, sizeof(h), 0);
}

/* 0, 1 for an invalid head, -1 with errno. */
static int
get_head(int fd, uint64_t *size, uint64_t *used)
{
	struct head h;
	struct stat st;
	int rc;

	if (fstat(fd, &st) < 0)
		return -1;
	if (!S_ISREG(st.st_mode))
		return 1;
	rc = read_at(fd, &h, sizeof(h), 0);
	if (rc != 0)
		return rc;
	*size = le64toh(h.size);
	*used = le64toh(h.used);
	return memcmp(h.magic, magic, sizeof(magic)) == 0 && le64toh(h.check) == mix_bits(*size, *used) &&
			       *size >= TABLE_FIRST && *size <= UINT64_C(1) << 40 && (*size & (*size - 1)) == 0 &&
			       *used < *size && st.st_size == offset_of(*size)
		       ? 0
		       : 1;
}

/* --- a table --- */

/* The place of a fingerprint, or the free place for it, and the item there, which is 0 if it is free. 0, 1 for a
 * damaged table, -1 with errno. */
static int
find_place(int fd, uint64_t size, uint64_t print, uint64_t *place, uint32_t *item)
{
	uint64_t at = home_place(print, size);
	struct entry run[RUN];

	for (int probed = 0; probed < PROBE_MAX;) {
		size_t n = size - at < RUN ? (size_t)(size - at) : RUN;
		int rc = read_at(fd, run, n * sizeof(*run), offset_of(at));

		if (rc != 0)
			return rc;
		for (size_t i = 0; i < n; i++, probed++) {
			bool ours = le64toh(run[i].print) == print;

			if (!is_free(&run[i]) && !is_good(&run[i]))
				return 1;
			if (!is_free(&run[i]) && !ours)
				continue;
			*place = at + i;
			*item = le32toh(run[i].item);
			return 0;
		}
		at = at + n < size ? at + n : 0;
	}
	return 1;
}

/* Makes an empty table of SIZE entries in a new temporary file. Its blocks are allocated, so that writing to a mapping
 * cannot fail. */
static int
new_table(struct contents *c, struct atomic_file *p, uint64_t size)
{
	if (atomic_file_open(p, c->temp) < 0)
		return -1;
	errno = posix_fallocate(p->fd, 0, offset_of(size));
	if (errno == 0 && put_head(p->fd, size, 0) == 0)
		return 0;
	atomic_file_drop(p);
	return -1;
}

/* Copies all entries of FROM to the mapped table. Both have the same order, so they are processed from the front, and
 * pages behind are released: a large table takes no memory. */
static int
copy_into(char *map, uint64_t size, int from, uint64_t from_size, uint64_t *used)
{
	enum { LET_GO = 1024 };
	struct entry *table = (struct entry *)(void *)(map + sizeof(struct head));
	struct entry run[RUN];

	*used = 0;
	for (uint64_t at = 0, runs = 0; at < from_size; at += RUN, runs++) {
		int rc = read_at(from, run, sizeof(run), offset_of(at));

		if (rc != 0)
			return rc;
		for (int i = 0; i < RUN; i++) {
			uint64_t home;

			if (is_free(&run[i]))
				continue;
			if (!is_good(&run[i]))
				return 1;
			home = home_place(le64toh(run[i].print), size);
			while (!is_free(&table[home]))
				home = home + 1 < size ? home + 1 : 0;
			table[home] = run[i];
			++*used;
		}
		if (runs % LET_GO == LET_GO - 1 && madvise(map, (size_t)offset_of(size), MADV_DONTNEED) < 0)
			return -1;
	}
	return 0;
}

/* Makes a table of twice the size in P, with all entries of FROM. 0, 1 for a damaged one, -1 with errno. */
static int
make_larger_table(struct contents *c, struct atomic_file *p, int from, uint64_t from_size)
{
	uint64_t size = from_size * 2, used = 0;
	int rc = -1;
	char *map;

	if (new_table(c, p, size) < 0)
		return -1;
	map = mmap(NULL, (size_t)offset_of(size), PROT_READ | PROT_WRITE, MAP_SHARED, p->fd, 0);
	if (map != MAP_FAILED) {
		rc = copy_into(map, size, from, from_size, &used);
		if (munmap(map, (size_t)offset_of(size)) < 0)
			rc = -1;
	}
	if (rc == 0)
		rc = put_head(p->fd, size, used);
	if (rc == 0)
		return 0;
	atomic_file_drop(p);
	return rc;
}

/* --- the file --- */

/* Stores how many entries there are. */
static void
end_adding(struct contents *c)
{
	/* If that fails, the head says too many, and the table grows earlier. */
	if (c->adding)
		(void)put_head(c->fd, c->size, c->used);
	c->adding = false;
}

static void
close_table(struct contents *c)
{
	end_adding(c);
	file_close(c->fd, 0);
	c->fd = -1;
}

/* Opens the existing table. 0, 1 if it is missing or damaged, -1 with errno. */
static int
open_table(struct contents *c)
{
	uint64_t used;
	int rc;

	c->fd = openat(c->dir, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (c->fd < 0)
		return errno == ENOENT || errno == ELOOP || errno == ENXIO ? 1 : -1;
	rc = get_head(c->fd, &c->size, &used);
	if (rc != 0)
		close_table(c);
	return rc;
}

/* Gives a new table its name, and uses it from now on. 0 or -1. */
static int
publish_table(struct contents *c, struct atomic_file *p)
{
	if (atomic_file_publish(p, c->dir, name) == 0) {
		close_table(c);
		if (open_table(c) == 0)
			return 0;
		return file_fail(EIO);
	}
	atomic_file_drop(p);
	return -1;
}

/* Rebuilds the table from the results that the caller gives. 0 or -1. */
static int
rebuild_table(struct contents *c)
{
	close_table(c);
	if (new_table(c, &c->part, TABLE_FIRST) < 0)
		return -1;
	if (c->fill(c, c->arg) == 0) {
		struct atomic_file p = c->part;

		c->part.fd = -1;
		return publish_table(c, &p);
	}
	atomic_file_drop(&c->part);
	return -1;
}

/* Opens the current table: another process may have replaced it by a larger one. 0 or -1. */
static int
be_current(struct contents *c)
{
	struct stat st;
	int rc;

	if (c->fd >= 0 && (c->current || (fstat(c->fd, &st) == 0 && st.st_nlink > 0)))
		return 0;
	close_table(c);
	rc = open_table(c);
	return rc == 1 ? rebuild_table(c) : rc;
}

int
contents_begin(struct contents *c)
{
	c->current = be_current(c) == 0;
	return c->current ? 0 : -1;
}

void
contents_end(struct contents *c)
{
	end_adding(c);
	c->current = false;
}

struct contents *
contents_open(int dirfd, int tempfd, contents_fill *fill, void *arg)
{
	struct contents *c = buf_alloc(sizeof(*c));

	*c = (struct contents){.dir = dirfd, .temp = tempfd, .fd = -1, .fill = fill, .arg = arg, .part.fd = -1};
	if (be_current(c) == 0)
		return c;
	contents_close(c);
	return NULL;
}

void
contents_close(struct contents *c)
{
	if (!c)
		return;
	close_table(c);
	free(c);
}

/* The first 8 bytes of a digest; false for an invalid digest. */
static bool
print_of(const char *hex, uint64_t *print)
{
	if (strlen(hex) != DIGEST_HEX || strspn(hex, "0123456789abcdef") != DIGEST_HEX)
		return false;
	*print = 0;
	for (int i = 0; i < PRINT_HEX; i++)
		*print = *print << 4 | (uint64_t)(hex[i] <= '9' ? hex[i] - '0' : hex[i] - 'a' + 10);
	return true;
}

int
contents_find(struct contents *c, const char *hex, uint32_t *item)
{
	uint64_t print, place;

	*item = 0;
	if (!print_of(hex, &print))
		return file_fail(EINVAL);
	for (int i = 0; i < 2; i++) {
		int rc = be_current(c);

		if (rc == 0)
			rc = find_place(c->fd, c->size, print, &place, item);
		if (rc <= 0)
			return rc;
		if (i == 0 && rebuild_table(c) < 0)
			return -1;
	}
	return file_fail(EIO);
}

/* Writes an entry for a fingerprint to the table FD of SIZE. Stores in IS_NEW whether it has not been there. 0, 1 for a
 * damaged table, 2 for a new entry if the table is FULL, -1 with errno. */
static int
add_to(int fd, uint64_t size, bool full, uint64_t print, uint32_t item, bool *is_new)
{
	struct entry e = (struct entry){htole64(print), htole32(item), htole32(entry_check(print, item))};
	uint64_t place;
	uint32_t before;
	int rc = find_place(fd, size, print, &place, &before);

	*is_new = false;
	if (rc != 0)
		return rc;
	if (before == item)
		return 0;
	if (!before && full)
		return 2;
	*is_new = !before;
	return file_write_at(fd, &e, sizeof(e), offset_of(place));
}

static bool
is_full(uint64_t size, uint64_t used)
{
	return used + 1 > size - size / 4;
}

/* Reads how many entries the table has, and has its head say more, so that it never says too few. 0, 1 for a damaged
 * table, -1 with errno. */
static int
begin_adding(struct contents *c)
{
	uint64_t size;
	int rc;

	if (c->adding)
		return 0;
	rc = get_head(c->fd, &size, &c->used);
	if (rc == 0 && size != c->size)
		rc = 1;
	if (rc == 0)
		rc = put_head(c->fd, c->size, c->used + RESERVE);
	c->adding = rc == 0;
	c->reserved = c->used + RESERVE;
	return rc;
}

/* Adds an entry to the table that is in use. As add_to(). */
static int
add_to_table(struct contents *c, uint64_t print, uint32_t item)
{
	bool is_new;
	int rc = begin_adding(c);

	if (rc == 0)
		rc = add_to(c->fd, c->size, is_full(c->size, c->used), print, item, &is_new);
	if (rc != 0 || !is_new)
		return rc;
	if (++c->used < c->reserved)
		return 0;
	end_adding(c);
	return 0;
}

/* Adds an entry to the new table, which no other process can see yet. 0 or -1. */
static int
add_to_part(struct contents *c, uint64_t print, uint32_t item)
{
	uint64_t size, used;
	struct atomic_file larger;
	bool is_new = false;
	int rc = get_head(c->part.fd, &size, &used);

	if (rc == 0)
		rc = add_to(c->part.fd, size, is_full(size, used), print, item, &is_new);
	if (rc == 0 && is_new)
		rc = put_head(c->part.fd, size, used + 1);
	if (rc == 2) {
		rc = make_larger_table(c, &larger, c->part.fd, size);
		if (rc == 0) {
			atomic_file_drop(&c->part);
			c->part = larger;
			return add_to_part(c, print, item);
		}
	}
	if (rc > 0)
		errno = EIO;
	return rc ? -1 : 0;
}

int
contents_add(struct contents *c, const char *hex, uint32_t item)
{
	struct atomic_file larger;
	uint64_t print;

	if (!print_of(hex, &print) || item == 0)
		return file_fail(EINVAL);
	if (c->part.fd >= 0)
		return add_to_part(c, print, item);
	for (int i = 0; i < 4; i++) {
		int rc = be_current(c);

		if (rc == 0)
			rc = add_to_table(c, print, item);
		if (!c->current)
			end_adding(c);
		if (rc == 2 && (rc = make_larger_table(c, &larger, c->fd, c->size)) == 0 &&
		    (rc = publish_table(c, &larger)) == 0)
			continue;
		if (rc <= 0)
			return rc;
		if (rebuild_table(c) < 0)
			return -1;
	}
	return file_fail(EIO);
}
