/*
 * pack: an archive being written by libarchive, the same for the same members: no times, owners or modes of here.
 */
#ifndef BI_PACK_H
#define BI_PACK_H

#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"

struct pack;

/* By which suffix an archive is what. */
struct pack_kind {
	const char *suffix; /* ".tar.gz" */
	const char *filter; /* "gzip"; NULL: not compressed, or zip */
	int is_zip;
};

/* The kind that NAME's suffix says; NULL where it says none. */
const struct pack_kind *pack_kind_of(const char *name);

/* The kind of plain tar, and of zip. */
extern const struct pack_kind *const pack_tar, *const pack_zip;

/*
 * Begins an archive on FD. MANIFEST is the name of the member that ends it, with the SHA-256 of each other. NULL after
 * saying why, where libarchive cannot do that kind here. For pack_end() or pack_drop().
 */
struct pack *pack_begin(const struct pack_kind *kind, int fd, const char *manifest);

/* Adds a member. 0, or -1 with errno. */
int pack_bytes(struct pack *p, const char *name, const void *bytes, size_t n);

/* The same, of the file FD from its beginning; -1 with EBADMSG where its SHA-256 is not this one, NULL for any, or it
 * grew or was cut meanwhile. */
int pack_file(struct pack *p, const char *name, int fd, const char *sha256);

/* Ends it: its SHA-256 and how many bytes it has. P is freed in either case. 0, or -1 with errno. */
int pack_end(struct pack *p, char hex[HASH_HEX + 1], uint64_t *bytes);

/* Gives it up; NULL does nothing. */
void pack_drop(struct pack *p);

#endif
