/*
 * pack: writes an archive, or a directory, by libarchive. The same members give the same bytes: it has no times, owners
 * or modes of this machine.
 */
#ifndef BI_PACK_H
#define BI_PACK_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/hash.h"

struct pack;

/* Archive formats by file name suffix. */
struct pack_kind {
	const char *suffix; /* ".tar.gz" */
	const char *filter; /* "gzip"; NULL: not compressed, or zip */
	int is_zip;
};

/* Returns the format for NAME's suffix, or NULL if it has none of them. */
const struct pack_kind *pack_kind_of(const char *name);

/* The formats plain tar and zip. */
extern const struct pack_kind *const pack_tar, *const pack_zip;

/* Begins an archive on FD. MANIFEST is the name of the last member, which has the SHA-256 of each other member, and is
 * copied. Returns NULL with a message if this libarchive does not support the format. pack_end() or pack_drop() frees
 * it. */
struct pack *pack_begin(const struct pack_kind *kind, int fd, const char *manifest);

/* The same into the empty directory TREE: each member becomes a file. pack_end() then stores the SHA-256 of the
 * manifest and the bytes of all files. Nothing is synced. Returns NULL with a message. */
struct pack *pack_begin_tree(const char *tree, const char *manifest);

/* Returns the lines of the manifest up to now. */
const struct buf *pack_sums(const struct pack *p);

/* Adds a member of N bytes. Returns 0, or -1 with errno. */
int pack_bytes(struct pack *p, const char *name, const void *bytes, size_t n);

/* Adds the file FD, from its beginning, as a member. Returns 0, or -1 with errno: EBADMSG if its SHA-256 is not SHA256
 * (NULL: any), or if it became longer or shorter meanwhile. */
int pack_file(struct pack *p, const char *name, int fd, const char *sha256);

/* Ends the archive and frees P. Stores its SHA-256 in HEX and its length in BYTES. Returns 0, or -1 with errno; P is
 * freed in either case. */
int pack_end(struct pack *p, char hex[HASH_HEX + 1], uint64_t *bytes);

/* Frees P without ending the archive. P may be NULL. */
void pack_drop(struct pack *p);

#endif
