/*
 * batch_internal: declarations that only the files of the batch store share.
 */
#ifndef BI_BATCH_INTERNAL_H
#define BI_BATCH_INTERNAL_H

#include <pthread.h>

#include "base/hash.h"
#include "batch/batch.h"
#include "batch/batch_keys.h"

/* Bytes of the lock file. */
enum { LOCK_WORKING = 0, LOCK_MAKING = 1, LOCK_CANCEL = 2 };

struct batch {
	char name[BATCH_NAME_MAX + 1];
	char *path; /* absolute, of batches/NAME */
	enum batch_mode mode;
	/* Each -1 if the file is not there. */
	int dir, files, lock, items, state, results;
	int files_error;   /* why FILES is -1 */
	int items_index;   /* 8 bytes an item: the offset of its line */
	int results_index; /* 8 bytes: the offset it reaches to; then 8 an item: 1 + the offset of its last result */
	pthread_mutex_t recording; /* with the lock of results.ndjson, which two threads of a process share */
	struct unindexed *unindexed;
	off_t mark;   /* the length of results.ndjson when the batch was opened */
	bool patient; /* batch_claim_busy() */
	bool behind;  /* BATCH_ADD: batch_recover_all() was not called */

	/* Adding: what is known of items.ndjson up to READ_TO. */
	off_t read_to;
	uint32_t count;
	struct keys keys;          /* identity to item, and subject to its latest item */
	bool added;                /* this process has added items */
	int misread;               /* the errno of a line that could not be read; 0: none */
	int temp;                  /* the root's temp/; -1 but for work */
	struct contents *contents; /* opened when it is first needed */
	uint32_t reached;          /* `state` has bytes for items up to this one: it never becomes shorter */
	uint32_t synced;           /* items up to this one are on the disk */
	struct secrets *secrets;   /* NULL: only read */
	int64_t no_secrets_until;  /* of clock_ms(): see batch_item_to_fetch() */
	struct batch_ahead *ahead; /* batch_ahead.c; NULL: nothing was read ahead */
};

/* --- batch_format.c --- */

/* Whether the batch whose directory is DIR has a format that this version knows. 0, or -1 with errno: BATCH_NEWER. A
 * batch.json that is missing, damaged or unreadable says no format. */
int batch_check_format(int dir);

/* Gives the batch the format that has removed items and results that say pending, if it has an earlier one. 0, or -1
 * with errno. */
int batch_raise_format(struct batch *b);

/* --- batch_removed.c, for batch_retry.c --- */

/* Records N items, at most BATCH_AT_ONCE, which this process has claimed, as pending. The claims stay. 0 or -1. */
enum { BATCH_AT_ONCE = 256 };
int batch_record_pending(struct batch *b, const uint32_t *items, size_t n);

/* --- batch_recover.c --- */

/* Writes the byte of item K. 0 or -1. */
int batch_set_state(const struct batch *b, uint32_t k, char s);

/* Sets the byte of item K, which this process has claimed, to what its results say. Keeps errno. */
void batch_settle_state(struct batch *b, uint32_t k);

/* Updates each byte of `state` that is older or newer than its result. 0 or -1. */
int batch_recover_items(struct batch *b);

/* --- batch_record.c, for batch_removed.c --- */

/* Appends, indexes and syncs results, under the lock of results.ndjson. What cannot be synced is cut off. 0 or -1. */
int batch_append_results(struct batch *b, const struct batch_outcome *v, size_t n);

/* As batch_item(), but with the userinfo that lines of an earlier version have. */
int batch_stored_item(const struct batch *b, uint32_t k, struct buf *out);

/* Stores the digest of the identity of an ask whose WHERE is this one in DIGEST. The key of the item is its first
 * BATCH_KEY_BYTES bytes, which are stored in HEX as hexadecimal digits and a NUL. */
enum { BATCH_KEY_BYTES = 16 };
void batch_make_key(const struct batch_ask *ask, const char *where, unsigned char digest[HASH_BYTES], char *hex);

/* With the lock of items.ndjson held, before the items are added: stores the userinfo of the asks that have some. KEYS
 * has their identities. Returns 0 or -1. */
int batch_keep_userinfo(struct batch *b, const struct batch_ask *asks, char (*keys)[33], size_t n);

/* Removes the userinfo of the completed items. batch_sweep_userinfo(), when the batch is closed, removes what could not
 * be removed now. */
void batch_drop_userinfo(struct batch *b, const struct batch_outcome *v, size_t n);
void batch_sweep_userinfo(struct batch *b);

/* Stores an entry of an index in VALUE, 0 if the index has no such entry. Returns 0, or -1 with errno if it cannot be
 * read. */
int batch_index_get(int fd, uint64_t entry, uint64_t *value);
/* Writes N entries from ENTRY on. Returns 0 or -1. */
int batch_index_put(int fd, uint64_t entry, const uint64_t *values, size_t n);
/* Makes the N values the whole of the index of results. The entries are overwritten in place, and the first one, which
 * says how far the index reaches, is written last. Returns 0 or -1. */
int batch_index_replace(int fd, const uint64_t *values, size_t n);

/* Returns the offset of item K's line, or -1 with errno. */
off_t batch_item_offset(const struct batch *b, uint32_t k);

/* Returns the offset of the last result of item K that begins at FROM or after, or -1 with errno (ENOENT: there is
 * none). */
off_t batch_find_result(const struct batch *b, uint32_t k, off_t from);

/* --- batch_last_result.c --- */

/* What batch_result() knows of results.ndjson. */
struct unindexed *unindexed_new(void);
void unindexed_free(struct unindexed *u);

/* With the lock of results.ndjson held: makes its index anew from all results up to END, the file's length. A
 * process that reads an entry without the lock never sees 0 for an item that has a result. Returns 0 or -1. */
int batch_reindex_results(struct batch *b, off_t end);

/* With the lock of results.ndjson held: extends its index to END, the file's length. Returns 0 or -1. */
int batch_index_results(struct batch *b, off_t end);

/* Cuts a torn tail off results.ndjson, extends its index to the end, and stores that in MARK. Updates `state` to the
 * results, except for BATCH_ALONE. Returns 0 or -1. With the lock of items.ndjson held, batch_read_added() was called
 * before. */
int batch_recover_all(struct batch *b);

/* With the lock of items.ndjson held: reads the items that others added, and extends its index and `state`. Returns 0
 * or -1. */
int batch_read_added(struct batch *b);

/* --- batch_added.c, for batch_add.c, with the lock of items.ndjson held --- */

/* Items that are about to be written. */
struct new_items {
	struct buf lines;
	uint64_t *offsets;
	struct batch_place *places;
	size_t n;
	uint32_t first; /* the number of the first of them */
	bool find_only; /* none is added */
};

/* The item of the batch or of NEW that has this identity; PRINT is that of KEY. 0: there is none, or a line could not
 * be read: batch_take_misread() says which. */
uint32_t batch_find_key(struct batch *b, const struct new_items *new, uint64_t print, const char *key);

/* The idx of a new item K of the subject ID. The table has the latest item of each subject, except for items that are
 * their own subject: the number in the id leads to those. */
uint32_t batch_next_idx(struct batch *b, const struct new_items *new, const char *id, uint32_t k);

/* Whether a line could not be read since the last call; errno has the reason. */
bool batch_take_misread(struct batch *b);

/* Missing bytes of `state` mean p: writes them. 0 or -1. */
int batch_extend_state(const struct batch *b);

/* Without that lock: makes sure that `state` has a byte for item K. 0, or -1 with errno: ENOENT if there is no item K.
 */
int batch_extend_state_to(struct batch *b, uint32_t k);

/* At the end: what this process has added need not be read again by the next one. Keeps errno. */
void batch_end_adding(struct batch *b);

/* With the lock of results.ndjson and the mutex held: stores the last result of item K in LINE and its offset in AT,
 * after extending the index. Returns 0, 1 if there is none, or -1. */
int batch_indexed_result(struct batch *b, uint32_t k, struct buf *line, off_t *at);
int batch_lock_results(struct batch *b);

/* Without the lock: stores the same, also if the owner of the item died before it indexed the result. */
int batch_sure_result(struct batch *b, uint32_t k, struct buf *line, off_t *at);
void batch_unlock_results(struct batch *b);

/* With the same lock held: adds items that were just recorded to contents.index. */
void batch_note_contents(struct batch *b, const struct batch_outcome *v, size_t n);

#endif
