/*
 * batch_keys: finds the item that has an identity, and the latest item of a subject, by keys.index in the batch's
 * directory.
 *
 * A process that adds items would have to read all of items.ndjson to know which are there. keys.index is a table on
 * the disk (disk_table.h) of the lines up to its mark; the lines behind the mark are in memory. They are merged into
 * the table when they have become many, and the mark moves once the entries are on the disk. So an entry that is lost,
 * or left by a killed process, never hides an item. A table that is missing, damaged, of another items.ndjson, or ahead
 * of it, is not used, and the next merge replaces it.
 *
 * A table that cannot be read or written is not used either: all lines are in memory then.
 *
 * The caller holds the lock of items.ndjson, except for keys_clear().
 */
#ifndef BI_BATCH_KEYS_H
#define BI_BATCH_KEYS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "files/disk_table.h"

struct batch;

/* Zeroed but for TABLE: nothing is known. */
struct keys {
	struct disk_table table;
	struct disk_entry *young; /* lines behind the mark: a table in memory, of the same order */
	uint64_t young_size, young_used;
	uint64_t *filter; /* bits of all prints in TABLE, 64 for 8 places; NULL: there is none */
	uint64_t lookups; /* in TABLE since there was no filter */
	off_t mark;       /* the lines of items.ndjson up to here are in TABLE */
	uint64_t last;    /* the print of the last line that was read */
	bool numbered;    /* a subject's entry may be of an id that is "i" and a number */
	bool damaged;     /* an entry of TABLE was found to be wrong, and the file was removed */
	bool verified;    /* the table is verified: it is only read */
	bool unwritable;  /* a merge failed */
	bool unreadable;  /* TABLE is not used */
};

void keys_init(struct keys *k, int dirfd, int tempfd);
void keys_clear(struct keys *k);

/* The prints of an identity, by its bytes or in hexadecimal, 0 if that is not valid; and of a subject's id, which is
 * never equal to the others. */
uint64_t keys_print(const unsigned char *key);
uint64_t keys_print_hex(const char *key);
uint64_t keys_print_subject(const char *id);

/* Whether ID may be the id that an item has by itself, `i` and its number; and whether it is that of item K. */
bool keys_has_number(const char *id);
bool keys_is_own_id(const char *id, uint32_t k);

/* Makes use of the table of B as it is now, for an items.ndjson of END bytes. If other lines are in the table than
 * before, B's READ_TO and COUNT become those of its mark, or 0. */
void keys_refresh(struct batch *b, off_t end);

/* Where a search is. Zeroed before the first call. */
struct keys_cursor {
	uint64_t steps;
	uint32_t probed;
	bool on_disk;
	struct disk_entry *slot; /* of the item found, in memory: its item may be changed. NULL: it is on the disk */
};

/* Returns the items of PRINT one after another, the latest first where one replaced another; 0 at the end. The caller
 * must check what the item's line says. If the table turns out to be damaged, DAMAGED is set. */
uint32_t keys_next(struct keys *k, uint64_t print, struct keys_cursor *c);

/* Adds an entry. It replaces that of the item WAS, if that is not 0. The caller sets NUMBERED if it is for such a
 * subject. */
void keys_add(struct keys *k, uint64_t print, uint32_t item, uint32_t was);

/* Returns the slot in memory of ITEM, which has this print, or NULL. */
struct disk_entry *keys_slot(const struct keys *k, uint64_t print, uint32_t item);

/* Whether so much is in memory that keys_merge() would merge it. */
bool keys_are_many(const struct keys *k);

/* Merges what is in memory into the table, as all lines up to the offset UPTO and the item B's COUNT, if there is
 * enough of it. FEW: less is enough. The lines and their index are synced before. A failure is noted in DAMAGED or
 * UNWRITABLE, and changes nothing else. */
void keys_merge(struct batch *b, off_t upto, bool few);

/* Forgets the lines behind the mark: B's READ_TO and COUNT become those of the mark. */
void keys_forget(struct batch *b);

/* Removes the table on the disk. Returns 0 or -1. */
int keys_remove(struct batch *b);

#endif
