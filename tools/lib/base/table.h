/*
 * table: a hash table in memory from 32 bits of a digest to an item's number. An entry takes 8 bytes, and not much more
 * while the table grows.
 *
 * Different things can have the same 32 bits, so the caller must check the item that an entry names. A zeroed struct is
 * an empty table.
 */
#ifndef BI_TABLE_H
#define BI_TABLE_H

#include <stdint.h>

enum { TABLE_PARTS = 64 };

struct table {
	/* Chosen by the highest bits of the print. Each part grows alone, so the whole table is never in memory
	 * twice. */
	struct table_part {
		struct table_slot {
			uint32_t print;
			uint32_t item; /* 0: free */
		} * slots;
		uint32_t size, used;
	} parts[TABLE_PARTS];
};

/* Returns 32 bits of a digest of TEXT (Fowler, Noll and Vo, 1a), for tables of texts that nobody chooses to collide. */
uint32_t table_hash(const char *text);

/* Adds an entry. Other entries may have the same print. */
void table_add(struct table *t, uint32_t print, uint32_t item);

/* Returns the next entry of PRINT, or NULL behind the last. The caller may change its item. *CURSOR is 0 before the
 * first call; the table must not change between the calls. */
struct table_slot *table_next(const struct table *t, uint32_t print, uint32_t *cursor);

/* Frees the memory and leaves an empty table. */
void table_clear(struct table *t);

#endif
