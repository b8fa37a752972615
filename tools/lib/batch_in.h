/*
 * batch_in: what the batch store's own files share. Nobody else includes this.
 */
#ifndef BI_BATCH_IN_H
#define BI_BATCH_IN_H

#include <pthread.h>

#include "batch.h"

/* A hash table from 32 bits of a digest to an item's number: 8 bytes an entry. It can be wrong about
 * which item it is, so whoever finds one looks at the item's line. */
struct table {
	struct table_slot {
		uint32_t print; /* of the digest */
		uint32_t item;  /* 0: free */
	} * slots;
	uint32_t size, used;
};

struct batch {
	char name[NAME_LONGEST + 1];
	char *path; /* absolute, of batches/NAME */
	enum batch_mode mode;
	/* Each -1 where the file is not there. */
	int dir, files, lock, items, state, results;
	int items_index;   /* 8 bytes an item: the offset of its line */
	int results_index; /* 8 bytes: up to where it is made; then 8 an item: 1 + the offset of its last result */
	pthread_mutex_t recording; /* with the lock of results.ndjson, which two threads of a process share */
	off_t mark;                /* what of results.ndjson was there when we opened it */

	/* Adding: what is known of items.ndjson up to READ_TO. */
	off_t read_to;
	uint32_t count;
	struct table keys;     /* identity to item */
	struct table subjects; /* subject to its latest item */
	uint32_t synced;       /* items up to this one are on the disk */
};

/* An entry of an index; 0 where it has none. */
uint64_t batch_index_get(int fd, uint64_t entry);
/* Writes N entries from ENTRY on. 0 or -1. */
int batch_index_put(int fd, uint64_t entry, const uint64_t *values, size_t n);

/* The offset of item K's line, or -1 with errno. */
off_t batch_item_offset(const struct batch *b, uint32_t k);

/* The offset of the last result of item K that begins at FROM or after; -1: ENOENT where there is none, or another
 * errno. */
off_t batch_find_result(const struct batch *b, uint32_t k, off_t from);

/* With the lock of results.ndjson held: brings its index up to END, the file's length. 0 or -1. */
int batch_index_results(struct batch *b, off_t end);

/* Cuts a torn tail off results.ndjson, brings its index up to the end, and notes that as MARK. 0 or -1. */
int batch_settle(struct batch *b);

/* With the lock of items.ndjson held: takes in what others added, brings its index and `state` up to it. 0 or -1. */
int batch_take_in(struct batch *b);

#endif
