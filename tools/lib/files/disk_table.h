/*
 * disk_table: a hash table on the disk from 64 bits of a digest (a print) to an item's number.
 *
 * Different things can have the same print, and an entry can be stale, so the caller must check the item that an entry
 * names. Only one process at a time may use the table, by a lock of the caller's.
 *
 * The file has a head of 32 bytes, the numbers of the caller's note, then SIZE entries of 16 bytes. SIZE is a power of
 * two, and all numbers are little-endian. The highest bits of the print give the place of an entry; if it is taken, the
 * next free one is used (linear probing: Knuth, The Art of Computer Programming, vol. 3, 6.4).
 *
 *	head	8 bytes of the kind; u64 SIZE; u64 entries in use, or more; u64 check of those two and of the note
 *	note	u64 each
 *	entry	u64 print; u32 item, 0: free; u32 check of both
 *
 * A table that grows becomes a new file under the same name, which the other processes notice by
 * disk_table_is_current(). Blocks are allocated when a table is made, so that entries never meet a full disk.
 */
#ifndef BI_DISK_TABLE_H
#define BI_DISK_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DISK_TABLE_NOTE_MAX = 5 };

struct disk_table_kind {
	const char *name; /* in the caller's directory */
	char magic[8];
	unsigned note; /* how many numbers the note has */
};

/* Zeroed but for the first three members and FD, which is -1: a table that is not open. */
struct disk_table {
	const struct disk_table_kind *kind;
	int dir, temp; /* of the name, and the root's temp/; the caller's */
	int fd;        /* -1: not open */
	uint64_t size, used;
	uint64_t note[DISK_TABLE_NOTE_MAX];
};

/* Opens the table that has the name, and reads its head. Returns 0, 1 if it is missing or damaged, or -1 with errno. */
int disk_table_open(struct disk_table *t);

/* Keeps errno. */
void disk_table_close(struct disk_table *t);

/* Whether the open table still has its name. False also if none is open. */
bool disk_table_is_current(const struct disk_table *t);

/* Reads the head again, which another process may have changed. Returns 0, 1 if it is damaged, or -1 with errno. */
int disk_table_read_head(struct disk_table *t);

/* Writes the head with USED and the NOTE. Returns 0 or -1. */
int disk_table_write_head(const struct disk_table *t);

/* Makes T, which is not open, an empty table with room for at least N entries, in a file that has no name yet. Returns
 * 0 or -1. */
struct atomic_file;
int disk_table_make(struct disk_table *t, uint64_t n, struct atomic_file *part);

/* Makes MADE, in the file PART, a table for at least N entries more than T has, with all entries of T. Returns 0, 1 if
 * T is damaged, or -1. */
int disk_table_enlarge(const struct disk_table *t, uint64_t n, struct disk_table *made, struct atomic_file *part);

/* Gives the table that was made in PART its name, and makes it T, which is closed before. Returns 0, or -1; PART is
 * then dropped. */
int disk_table_publish(struct disk_table *t, struct atomic_file *part);

/* Whether N entries more leave enough places free. */
bool disk_table_has_room(const struct disk_table *t, uint64_t n);

/* An entry, or the free place where the search for PRINT ended. */
struct disk_found {
	uint64_t place;
	uint32_t item; /* 0: the place is free */
};

/* Finds the entries of PRINT, one a call. *PROBED is 0 before the first one, which usually reads 512 bytes. Returns 0,
 * 1 if the table is damaged, or -1 with errno. */
int disk_table_find(const struct disk_table *t, uint64_t print, uint32_t *probed, struct disk_found *found);

/* Writes an entry at a place that disk_table_find() gave. Returns 0 or -1. */
int disk_table_put(const struct disk_table *t, uint64_t place, uint64_t print, uint32_t item);

/* An entry to merge. */
struct disk_entry {
	uint64_t print;
	uint32_t item; /* 0: this element of the array is skipped */
	uint32_t was;  /* the item of the entry that it replaces, 0: none */
};

/* Enters N entries, of which there is room for, into the table. Those that the table has already stay. It is fast if
 * they are in the order of their prints. Adds the number of new entries to USED; the caller writes the head. Returns 0,
 * 1 if the table is damaged, or -1 with errno. */
int disk_table_merge(struct disk_table *t, const struct disk_entry *v, size_t n);

/* Calls SEE with the print of each entry, in the order of places. Returns 0, 1 if the table is damaged, or -1. */
int disk_table_each(const struct disk_table *t, void (*see)(uint64_t print, uint32_t item, void *arg), void *arg);

/* The place of PRINT in a table of SIZE places, a power of two from 2 on, if it is free. */
uint64_t disk_table_home(uint64_t print, uint64_t size);

#endif
