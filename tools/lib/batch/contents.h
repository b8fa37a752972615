/*
 * contents: which item of a batch has these bytes already, contents.index in its directory.
 *
 * A table on the disk from SHA-256 to an item's number, so that the same bytes twice are noticed in a batch of any
 * size with no memory for it. It is never the only copy of anything: a missing or damaged one is made again of the
 * results. An entry has 8 bytes of the digest, and may name an item that has other bytes by now or none: whoever finds
 * one looks at that item's result.
 *
 * The file: a head of 32 bytes, then SIZE entries of 16, a power of two, all numbers little-endian. An entry's place
 * is given by the digest's highest bits, or is the next free one behind it.
 *
 *	head	"bi-cont1"; u64 SIZE; u64 entries in use; u64 check of those two
 *	entry	u64 the digest's first 8 bytes, the first of them highest; u32 item, 0: free; u32 check of both
 *
 * All calls are made with the lock of results.ndjson held, by one thread at a time. A table that grows is a new
 * file under the same name, which other processes notice. A failure is no reason to stop: what is the same is then
 *stored twice.
 */
#ifndef BI_CONTENTS_H
#define BI_CONTENTS_H

#include <stdint.h>

struct contents;

/* Fills a new table: calls contents_add() for each item that has a file, those of each content in the order of the
 * results. 0, or -1 with errno. It may be called by any of the calls below. */
typedef int contents_fill(struct contents *c, void *arg);

/*
 * Opens the index in the batch's directory DIRFD, made where missing or damaged; TEMPFD is the root's temp/. Both are
 * the caller's, and stay open. NULL with errno. For contents_close(), which needs no lock.
 */
struct contents *contents_open(int dirfd, int tempfd, contents_fill *fill, void *arg);
void contents_close(struct contents *c); /* NULL does nothing */

/* The item that was last added with the digest HEX, into ITEM, 0 for none: one read of 512 bytes as a rule. 0, or -1
 * with errno, EINVAL for what is no digest. */
int contents_find(struct contents *c, const char *hex, uint32_t *item);

/* Sets the item of the digest HEX. 0, or -1 with errno; the table is then as it was. */
int contents_add(struct contents *c, const char *hex, uint32_t item);

#endif
