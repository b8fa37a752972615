/*
 * manifest: what the pages were made from, and their pieces of the common pages, in review/NAME/.pages.
 */
#ifndef BI_MANIFEST_H
#define BI_MANIFEST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/hash.h"
#include "files/atomic_file.h"
#include "render_state.h"

/* The index, which has several pages, is the last of them. */
enum { COMMON = 3, COMMON_INDEX = COMMON - 1 };

/* Files that all subjects have a piece of, published in this order. */
extern const char *const common_pages[COMMON];

struct manifest_file {
	int64_t size, seconds, nanoseconds;
};

/* A subject, at its number. */
struct manifest_page {
	unsigned char digest[HASH_BYTES]; /* of what jq read */
	struct manifest_file file;        /* its page, as it was written */
	uint64_t at;                      /* where its pieces begin, one behind the other */
	uint32_t length[COMMON];
	uint32_t pages; /* how many pages it has */
};

struct manifest {
	int fd; /* -1: there is none */
	bool same_programs;
	uint32_t count; /* subjects; 0 where it is of other programs */
	unsigned char whole[HASH_BYTES];
	struct manifest_file common[COMMON];
};

/* Opens what an earlier run of the same PROGRAMS kept. */
void manifest_open(struct manifest *k, const struct render *r, const char *programs);
void manifest_close(struct manifest *k);

/* Whether the common files and all pages of the index are there as they were made, of as many subjects and from a head
 * and tail of this digest. */
bool manifest_common_is_unchanged(const struct manifest *k, const struct render *r,
				  const unsigned char whole[HASH_BYTES]);

/* Whether the page NAME of subject I (NULL: it has none) is there as it was made, from a line of this digest. */
bool manifest_page_is_unchanged(const struct manifest *k, const struct render *r, uint32_t i,
				const unsigned char digest[HASH_BYTES], const char *name);

struct manifest_writer {
	struct atomic_file part;
	uint32_t count; /* subjects */
	uint64_t end;   /* where the next piece goes */
};

/* What this run keeps: subjects in any order, then the end, which publishes it. Each 0, or -1 with errno. */
int manifest_begin(struct manifest_writer *k, const struct render *r);
int manifest_add(struct manifest_writer *k, const struct render *r, uint32_t i, const unsigned char digest[HASH_BYTES],
		 const char *name, uint32_t pages, const struct buf pieces[COMMON]);
/* As it was in OLD; its pieces are left in PIECES. */
int manifest_copy(struct manifest_writer *k, const struct manifest *old, uint32_t i, struct buf pieces[COMMON]);
int manifest_publish(struct manifest_writer *k, const struct render *r, const char *programs,
		     const unsigned char whole[HASH_BYTES]);

#endif
