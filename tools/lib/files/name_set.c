#include "files/name_set.h"

#include <errno.h>
#include <string.h>

#include "files/file.h"

/* By Fowler, Noll and Vo (1a, 64 bits), with the last steps of MurmurHash3, by which each bit depends on all bytes. */
static uint64_t
hash_name(const char *name, size_t n)
{
	uint64_t h = 14695981039346656037U;

	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)name[i]) * 1099511628211U;
	h = (h ^ (h >> 33)) * 0xff51afd7ed558ccdU;
	h = (h ^ (h >> 33)) * 0xc4ceb9fe1a85ec53U;
	return h ^ (h >> 33);
}

/* The half of a hash that table.h takes for the number of an item, which is never 0. */
static uint32_t
item_half(uint64_t hash)
{
	return (uint32_t)hash | 1;
}

static int
add_name(int dir, const struct dirent *e, void *arg)
{
	struct name_set *s = arg;
	uint64_t hash;

	(void)dir;
	if (e->d_type != DT_REG)
		return 0;
	hash = hash_name(e->d_name, strlen(e->d_name));
	table_add(&s->hashes, (uint32_t)(hash >> 32), item_half(hash));
	return 0;
}

int
name_set_read(int dir, struct name_set *s)
{
	*s = (struct name_set){0};
	return file_each(dir, add_name, s);
}

void
name_set_free(struct name_set *s)
{
	int error = errno;

	table_clear(&s->hashes);
	errno = error;
}

bool
name_set_has(const struct name_set *s, const char *name, size_t n)
{
	uint64_t hash = hash_name(name, n);
	uint32_t cursor = 0;

	for (const struct table_slot *slot; (slot = table_next(&s->hashes, (uint32_t)(hash >> 32), &cursor));)
		if (slot->item == item_half(hash))
			return true;
	return false;
}
