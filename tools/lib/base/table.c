#include "base/table.h"

#include <stdlib.h>

#include "base/buf.h"

enum { PART_BITS = 6, PART_FIRST = 16 };
_Static_assert(TABLE_PARTS == 1 << PART_BITS, "a part has so many bits of the print");

/* Linear probing, from the place that the rest of the fingerprint gives. */
static uint32_t
home_slot(const struct table_part *p, uint32_t print)
{
	return (uint32_t)(((uint64_t)(print << PART_BITS) * p->size) >> 32);
}

static uint32_t
part_of(uint32_t print)
{
	return print >> (32 - PART_BITS);
}

static void
put_entry(struct table_part *p, struct table_slot entry)
{
	uint32_t at = home_slot(p, entry.print);

	while (p->slots[at].item)
		at = at + 1 < p->size ? at + 1 : 0;
	p->slots[at] = entry;
	p->used++;
}

uint32_t
table_hash(const char *text)
{
	uint32_t hash = 2166136261U;

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 16777619U;
	return hash;
}

void
table_add(struct table *t, uint32_t print, uint32_t item)
{
	struct table_part *p = &t->parts[part_of(print)];

	if (p->used >= p->size - p->size / 5) {
		struct table_part old = *p;

		p->size = old.size ? old.size + old.size / 2 : PART_FIRST;
		p->used = 0;
		p->slots = buf_alloc((size_t)p->size * sizeof(*p->slots));
		for (uint32_t i = 0; i < old.size; i++)
			if (old.slots[i].item)
				put_entry(p, old.slots[i]);
		free(old.slots);
	}
	put_entry(p, (struct table_slot){print, item});
}

struct table_slot *
table_next(const struct table *t, uint32_t print, uint32_t *cursor)
{
	const struct table_part *p = &t->parts[part_of(print)];

	while (p->size && *cursor < p->size) {
		uint32_t at = (home_slot(p, print) + (*cursor)++) % p->size;

		if (!p->slots[at].item)
			return NULL;
		if (p->slots[at].print == print)
			return &p->slots[at];
	}
	return NULL;
}

void
table_clear(struct table *t)
{
	for (uint32_t i = 0; i < TABLE_PARTS; i++)
		free(t->parts[i].slots);
	*t = (struct table){0};
}
