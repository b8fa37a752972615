/*
 * unpack: reads archives by libarchive, from a descriptor, in a process that is confined or soon will be.
 */
#ifndef BI_UNPACK_H
#define BI_UNPACK_H

#include <archive.h>
#include <stdbool.h>
#include <stdint.h>

enum { UNPACK_BLOCK = 128 << 10 };

/* An archive that is read without moving the descriptor's offset, which another process may share. */
struct unpack {
	int fd;
	int64_t at, size;
	int failed; /* errno of a read that failed; 0: none did */
	bool cut;   /* it is a ZIP that is cut short or lacks bytes: its members are looked for one after the other */
	uint64_t listed; /* members, by the directory at the end of a ZIP; 0: not known */
	char block[UNPACK_BLOCK];
};

/* Loads what converts names, since a confined process cannot. The locale must be one of UTF-8. A failure ends the
 * program. */
void unpack_load(void);

/*
 * Returns a reader of the archive FD, described by U, which must live as long. It has the formats and compressions that
 * are allowed: none that runs programs or reads other files (mtree), and not "raw", for which any file is an archive.
 * The caller opens it with archive_read_open1() and frees it with archive_read_free(). Returns NULL with
 * errno if memory is lacking or the file cannot be read.
 */
struct archive *unpack_new(struct unpack *u, int fd);

/* Why libarchive could not go on, as a letter of the protocol of expand.h. */
enum unpack_fault {
	UNPACK_DAMAGED = 'd',
	UNPACK_ENCRYPTED = 'e',
	UNPACK_NOT = 'n', /* it is not an archive */
	UNPACK_MEMORY = 'm',
	UNPACK_UNREAD = 'i',      /* u->failed is the errno */
	UNPACK_UNSUPPORTED = 'u', /* it is whole, but of a method or version that this libarchive does not know */
};

/* Returns what the last error of A, which reads U, means. */
enum unpack_fault unpack_fault(struct archive *a, const struct unpack *u);

/* Returns how many members the directory at the end of a ZIP lists that are not among the COUNT that were read, since
 * they are in the same place as others; 0 if there are none, or if it is no ZIP. */
uint64_t unpack_overlaps(struct archive *a, const struct unpack *u, uint64_t count);

#endif
