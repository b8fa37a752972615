#include "batch/contents.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "files/atomic_file.h"
#include "files/disk_table.h"
#include "files/file.h"

/* RESERVE: the head says so many entries more than there are while some are added. */
enum { RESERVE = 128, DIGEST_HEX = 64, PRINT_HEX = 16 };

static const struct disk_table_kind kind = {
	.name = "contents.index",
	.magic = {'b', 'i', '-', 'c', 'o', 'n', 't', '1'},
};

struct contents {
	struct disk_table table;
	contents_fill *fill;
	void *arg;
	bool current; /* between contents_begin() and contents_end(): TABLE is the one that has the name */
	bool adding;  /* the head says RESERVE more, of which LEFT are not used yet */
	unsigned left;
	bool filling; /* TABLE is a new one, in PART */
	struct atomic_file part;
};

/* Stores how many entries there are. */
static void
end_adding(struct contents *c)
{
	/* If that fails, the head says too many, and the table grows earlier. */
	if (c->adding)
		(void)disk_table_write_head(&c->table);
	c->adding = false;
}

/* Reads how many entries the table has, and has its head say more, so that it never says too few. 0, 1 for a damaged
 * table, -1 with errno. */
static int
begin_adding(struct contents *c)
{
	struct disk_table *t = &c->table;
	uint64_t used;
	int rc;

	if (c->adding)
		return 0;
	rc = disk_table_read_head(t); /* other processes count, too */
	if (rc != 0)
		return rc;
	used = t->used;
	t->used += RESERVE;
	rc = disk_table_write_head(t);
	t->used = used;
	c->adding = rc == 0;
	c->left = RESERVE;
	return rc;
}

/* Makes the table larger, and gives it its name unless it is still filled. 0, 1 for a damaged one, -1. */
static int
enlarge(struct contents *c)
{
	struct disk_table larger;
	struct atomic_file part;
	int rc;

	end_adding(c);
	rc = disk_table_enlarge(&c->table, 1, &larger, &part);

	if (rc != 0)
		return rc;
	if (!c->filling)
		return disk_table_publish(&c->table, &part);
	atomic_file_drop(&c->part);
	c->part = part;
	c->table = larger;
	return 0;
}

/* Rebuilds the table from the results that the caller gives. 0 or -1. */
static int
rebuild_table(struct contents *c)
{
	int rc;

	c->adding = false;
	disk_table_close(&c->table);
	if (disk_table_make(&c->table, 0, &c->part) < 0)
		return -1;
	c->filling = true;
	rc = c->fill(c, c->arg);
	c->filling = false;
	c->table.fd = -1; /* it is the part's */
	if (rc == 0)
		return disk_table_publish(&c->table, &c->part);
	atomic_file_drop(&c->part);
	return -1;
}

/* Opens the current table: another process may have replaced it by a larger one. 0 or -1. */
static int
be_current(struct contents *c)
{
	int rc;

	if (c->filling || (c->current && c->table.fd >= 0) || disk_table_is_current(&c->table))
		return 0;
	end_adding(c);
	rc = disk_table_open(&c->table);
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

	*c = (struct contents){
		.table = {.kind = &kind, .dir = dirfd, .temp = tempfd, .fd = -1},
		.fill = fill,
		.arg = arg,
	};
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
	end_adding(c);
	disk_table_close(&c->table);
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
	struct disk_found found;
	uint64_t print;

	*item = 0;
	if (!print_of(hex, &print))
		return file_fail(EINVAL);
	for (int i = 0; i < 2; i++) {
		uint32_t probed = 0;
		int rc = be_current(c);

		if (rc == 0)
			rc = disk_table_find(&c->table, print, &probed, &found);
		if (rc == 0)
			*item = found.item;
		if (rc <= 0)
			return rc;
		if (i == 0 && rebuild_table(c) < 0)
			return -1;
	}
	return file_fail(EIO);
}

/* Adds an entry. 0, 1 for a damaged table, 2 for a full one, -1 with errno. */
static int
add_entry(struct contents *c, uint64_t print, uint32_t item)
{
	struct disk_table *t = &c->table;
	struct disk_found found;
	uint32_t probed = 0;
	int rc = disk_table_find(t, print, &probed, &found);

	if (rc != 0)
		return rc;
	if (found.item == item)
		return 0;
	if (found.item)
		return disk_table_put(t, found.place, print, item);
	rc = c->filling ? 0 : begin_adding(c);
	if (rc != 0)
		return rc;
	if (!disk_table_has_room(t, 1))
		return 2;
	t->used++;
	if (c->filling && disk_table_write_head(t) < 0)
		return -1;
	rc = disk_table_put(t, found.place, print, item);
	if (!c->filling && --c->left == 0)
		end_adding(c);
	return rc;
}

int
contents_add(struct contents *c, const char *hex, uint32_t item)
{
	uint64_t print;

	if (!print_of(hex, &print) || item == 0)
		return file_fail(EINVAL);
	for (int i = 0; i < 4; i++) {
		int rc = be_current(c);

		if (rc == 0)
			rc = add_entry(c, print, item);
		if (!c->current)
			end_adding(c);
		if (rc == 2 && (rc = enlarge(c)) == 0)
			continue;
		if (rc <= 0)
			return rc;
		if (c->filling)
			break;
		if (rebuild_table(c) < 0)
			return -1;
	}
	return file_fail(EIO);
}
