/*
 * table: from 32 bits of a digest to an item's number, 8 bytes an entry and not much more while it grows.
 *
 * It can be wrong about which item it is, since different things can have the same 32 bits: whoever finds an
 * entry looks at the item itself. A zeroed struct is an empty table.
 */
#ifndef BI_TABLE_H
#define BI_TABLE_H

#include <stdint.h>

enum { TABLE_PARTS = 64 };

struct table {
	/* By the highest bits of the print; each grows by itself, so that never the whole is there twice. */
	struct table_part {
		struct table_slot {
			uint32_t print;
			uint32_t item; /* 0: free */
		} * slots;
		uint32_t size, used;
	} parts[TABLE_PARTS];
};

/* Adds an entry; there may be others of that print. */
void table_add(struct table *t, uint32_t print, uint32_t item);

/* The next entry of PRINT, whose item may be changed; NULL behind the last. *CURSOR is 0 before the first call, and
 * the table the same until the last. */
struct table_slot *table_next(const struct table *t, uint32_t print, uint32_t *cursor);

/* Frees it and leaves an empty table. */
void table_clear(struct table *t);

#endif
