/*
 * unpack: archives as libarchive reads them, from a descriptor. For a process that is confined, or soon will be.
 */
#ifndef BI_UNPACK_H
#define BI_UNPACK_H

#include <archive.h>
#include <stdbool.h>
#include <stdint.h>

enum { UNPACK_BLOCK = 128 << 10 };

/* An archive that is read without moving the offset, which its descriptor may share with another process's. */
struct unpack {
	int fd;
	int64_t at, size;
	int failed; /* errno of a read that failed; 0: none did */
	char block[UNPACK_BLOCK];
};

/* What converts names is loaded here, since in confinement it cannot be. To be called with a locale of UTF-8. Ends the
 * program where it is not there. */
void unpack_load(void);

/*
 * A reader of the archive FD that U describes, with the formats and compressions that are let near one: none that runs
 * programs or reads other files (mtree), and not "raw", for which everything is an archive. It is not opened yet, which
 * archive_read_open1() does. NULL where there is no memory. For archive_read_free(); U stays as long.
 */
struct archive *unpack_new(struct unpack *u, int fd);

#endif
