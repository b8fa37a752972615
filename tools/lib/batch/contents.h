/*
 * contents: finds the item of a batch that has given bytes, by contents.index in the batch's directory.
 *
 * The index is a table on the disk (disk_table.h) from SHA-256 to an item's number. It finds duplicates in a batch of
 * any size without memory for it. A missing or damaged index is made again from the results. An entry has the first 8
 * bytes of the digest, and its item may have other bytes by now, so the caller must check the item's result.
 *
 * The caller must hold the lock of results.ndjson, and only one thread at a time may call. A table that grows becomes a
 * new file under the same name, which other processes notice. The caller may go on after a failure: files with the same
 * bytes are then stored twice.
 */
#ifndef BI_CONTENTS_H
#define BI_CONTENTS_H

#include <stdint.h>

struct contents;

/* A function that fills a new table: it calls contents_add() for each item that has a file, in the order of the
 * results. It returns 0, or -1 with errno. Any function below may call it. */
typedef int contents_fill(struct contents *c, void *arg);

/* Opens the index in the batch's directory DIRFD, and makes it if it is missing or damaged. TEMPFD is the root's temp/.
 * The caller keeps both open and closes them. Returns NULL with errno on failure. contents_close() frees it, and needs
 * no lock. */
struct contents *contents_open(int dirfd, int tempfd, contents_fill *fill, void *arg);
void contents_close(struct contents *c); /* NULL is allowed */

/* Surround calls of the functions below while the lock is held, to save what each would look up anew. Both may be left
 * out. contents_begin() returns 0, or -1 with errno, and then contents_end() is not needed. */
int contents_begin(struct contents *c);
void contents_end(struct contents *c);

/* Stores in ITEM the item that was last added with the digest HEX, 0 if there is none. This is usually one read of 512
 * bytes. Returns 0, or -1 with errno (EINVAL: HEX is not a digest). */
int contents_find(struct contents *c, const char *hex, uint32_t *item);

/* Sets the item of the digest HEX. Returns 0, or -1 with errno; the table is then as it was. */
int contents_add(struct contents *c, const char *hex, uint32_t item);

#endif
