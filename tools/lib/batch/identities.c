#include "batch/identities.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "batch/batch_internal.h"
#include "batch/batch_keys.h"
#include "files/append.h"
#include "files/file.h"

struct adding {
	struct identities *identities;
	uint32_t next; /* the number of the next line in its batch */
	void (*see)(uint32_t all, const char *line, size_t n, void *arg);
	void *arg;
};

static uint32_t
print_of(const char *key)
{
	return (uint32_t)(keys_print_hex(key) >> 32);
}

static bool
add_line(off_t at, const char *line, size_t n, void *arg)
{
	struct adding *a = arg;
	struct identities *x = a->identities;
	struct batch_place place;

	(void)at;
	if (x->total == UINT32_MAX - 1)
		return false;
	x->total++;
	if (batch_place(line, n, &place) == 0 && place.item == a->next)
		table_add(&x->prints, print_of(place.key), x->total);
	if (a->see)
		a->see(x->total, line, n, a->arg);
	a->next++;
	return true;
}

int64_t
identities_add(struct identities *x, const struct batch *b,
	       void (*see)(uint32_t all, const char *line, size_t n, void *arg), void *arg)
{
	struct adding a = {.identities = x, .next = 1, .see = see, .arg = arg};
	uint32_t before = x->total;

	x->batches = buf_grow(x->batches, x->count, sizeof(*x->batches));
	x->batches[x->count++] = (struct identities_batch){b, before};
	if (b->items >= 0 && append_each(b->items, 0, add_line, &a) < 0)
		return -1;
	return x->total == UINT32_MAX - 1 ? file_fail(EOVERFLOW) : (int64_t)(x->total - before);
}

size_t
identities_place(const struct identities *x, uint32_t all, uint32_t *item)
{
	size_t low = 0, high = x->count;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		*(x->batches[middle].before < all ? &low : &high) = middle;
	}
	*item = all - x->batches[low].before;
	return low;
}

/* Whether the item ALL has the identity KEY. 1, 0, or -1 with errno. */
static int
has_key(const struct identities *x, uint32_t all, const char *key, struct buf *line)
{
	struct batch_place place;
	uint32_t item;
	const struct batch *b = x->batches[identities_place(x, all, &item)].batch;

	buf_clear(line);
	if (batch_item(b, item, line) < 0)
		return -1;
	return batch_place(line->data, line->len, &place) == 0 && strcmp(place.key, key) == 0;
}

int
identities_next(const struct identities *x, const char *key, uint32_t after, uint32_t *all)
{
	uint32_t cursor = 0, print = print_of(key);
	struct buf line = {0};
	struct table_slot *slot;
	int is = 0;

	*all = 0;
	while (is >= 0 && (slot = table_next(&x->prints, print, &cursor))) {
		if (slot->item <= after || (*all && slot->item >= *all))
			continue;
		is = has_key(x, slot->item, key, &line);
		if (is > 0)
			*all = slot->item;
	}
	buf_free(&line);
	return is < 0 ? -1 : 0;
}

void
identities_free(struct identities *x)
{
	table_clear(&x->prints);
	free(x->batches);
	*x = (struct identities){0};
}
