/*
 * batch_internal: what the batch store's own files share. Nobody else includes this.
 */
#ifndef BI_BATCH_INTERNAL_H
#define BI_BATCH_INTERNAL_H

#include <pthread.h>

#include "base/table.h"
#include "batch/batch.h"

struct batch {
	char name[BATCH_NAME_MAX + 1];
	char *path; /* absolute, of batches/NAME */
	enum batch_mode mode;
	/* Each -1 where the file is not there. */
	int dir, files, lock, items, state, results;
	int files_error;   /* why FILES is -1 */
	int items_index;   /* 8 bytes an item: the offset of its line */
	int results_index; /* 8 bytes: up to where it is made; then 8 an item: 1 + the offset of its last result */
	pthread_mutex_t recording; /* with the lock of results.ndjson, which two threads of a process share */
	off_t mark;                /* what of results.ndjson was there when we opened it */

	/* Adding: what is known of items.ndjson up to READ_TO. */
	off_t read_to;
	uint32_t count;
	struct table keys;         /* identity to item */
	struct table subjects;     /* subject to its latest item */
	int misread;               /* the errno of a line that could not be looked at; 0: none */
	int temp;                  /* the root's temp/; -1 but for work */
	struct contents *contents; /* opened when it is first needed */
	uint32_t reached;          /* `state` has bytes for items up to this one: it never becomes shorter */
	uint32_t synced;           /* items up to this one are on the disk */
	struct secrets *secrets;   /* NULL: only read */
};

/* batch_item(), with the userinfo that lines of an earlier version have. */
int batch_stored_item(const struct batch *b, uint32_t k, struct buf *out);

/* With the lock of items.ndjson held, before the items are there: keeps the userinfo of the asks that have some. KEYS:
 * their identities. 0 or -1. */
int batch_keep_userinfo(struct batch *b, const struct batch_ask *asks, char (*keys)[33], size_t n);

/* Removes the userinfo of those that were completed. What cannot be removed now is when the batch is closed. */
void batch_drop_userinfo(struct batch *b, const struct batch_outcome *v, size_t n);
void batch_sweep_userinfo(struct batch *b);

/* An entry of an index into VALUE; 0 where it has none. 0, or -1 with errno where it cannot be read. */
int batch_index_get(int fd, uint64_t entry, uint64_t *value);
/* Writes N entries from ENTRY on. 0 or -1. */
int batch_index_put(int fd, uint64_t entry, const uint64_t *values, size_t n);

/* The offset of item K's line, or -1 with errno. */
off_t batch_item_offset(const struct batch *b, uint32_t k);

/* The offset of the last result of item K that begins at FROM or after; -1: ENOENT where there is none, or another
 * errno. */
off_t batch_find_result(const struct batch *b, uint32_t k, off_t from);

/*
 * With the lock of results.ndjson held: makes its index anew from all results, of which END is the length. It is
 * written over what is there: a process that reads an entry without the lock never sees none where the item has a
 * result. 0 or -1.
 */
int batch_reindex_results(struct batch *b, off_t end);

/* With the lock of results.ndjson held: brings its index up to END, the file's length. 0 or -1. */
int batch_index_results(struct batch *b, off_t end);

/* Cuts a torn tail off results.ndjson, brings its index up to the end, and notes that as MARK; brings `state` up to the
 * results, but for BATCH_ALONE. 0 or -1. */
int batch_recover_all(struct batch *b);

/* With the lock of items.ndjson held: takes in what others added, brings its index and `state` up to it. 0 or -1. */
int batch_read_added(struct batch *b);

/* With the lock of results.ndjson and the mutex: the last result of item K, its index up to the end. 0, 1 for none, -1.
 */
int batch_indexed_result(struct batch *b, uint32_t k, struct buf *line, off_t *at);
int batch_lock_results(struct batch *b);
void batch_unlock_results(struct batch *b);

/* With the same lock: items that were just recorded are found from now on. */
void batch_note_contents(struct batch *b, const struct batch_outcome *v, size_t n);

#endif
