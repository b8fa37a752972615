/*
 * upload_digests: the digests of uploaded files, reckoned while their bytes arrived: batches/NAME/uploads/digests.index
 * (bi-batch(5)). A digest counts only for the file of which it was noted, as long as that was not changed. Whoever has
 * none reads the file.
 */
#ifndef BI_UPLOAD_DIGESTS_H
#define BI_UPLOAD_DIGESTS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/hash.h"

/* Appends to OUT the record of the next upload, from 1 on: SHA256 (64 lower-case hexadecimal digits) is the digest of
 * the file whose status is ST. */
void upload_digest_add(struct buf *out, const struct stat *st, const char *sha256);

/* Writes the records as the new file of DIR, uploads/. It is not synced. On failure there is no such file. */
void upload_digests_write(int dir, const struct buf *records);

/* Stores the digest of upload K in SHA256. ST is the status of its file. Returns false if DIR, uploads/, has no valid
 * digest of it, or if the file is another one or was changed since. */
bool upload_digest_find(int dir, uint32_t k, const struct stat *st, char sha256[HASH_HEX + 1]);

/* Returns whether DIR, uploads/, can be read and has no upload. */
bool uploads_are_gone(int dir);

/* Removes the file of digests from DIR, uploads/, if there is no upload. Does nothing if DIR is negative. */
void upload_digests_remove(int dir);

#endif
