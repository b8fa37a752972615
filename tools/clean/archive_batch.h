/*
 * archive_batch: writes a batch to an archive, with the SHA-256 of each member.
 */
#ifndef BI_ARCHIVE_BATCH_H
#define BI_ARCHIVE_BATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"
#include "batch/batch.h"

/* The files of a batch's directory. */
struct batch_sizes {
	bool archived; /* in: only those that an archive has */
	uint64_t files, bytes;
};

/* Adds the files of B. Returns 0, or -1 with errno. */
int batch_sizes_read(const struct batch *b, struct batch_sizes *sizes);

struct archive_job {
	const struct batch *batch; /* BATCH_ALONE */
	const char *file;          /* the archive, checked by batch_archive_check_name() */
	const char *spared;        /* what a message says does not happen: "nothing is removed" */
	char sha256[HASH_HEX + 1]; /* out: of the archive */
};

/* Ends the program with a message if FILE is not the name of an archive, or is where files of the root are removed. */
void batch_archive_check_name(const struct root *root, const char *file);

/* Checks that all files for the archive exist, since one must not be left out silently. Returns 0, or an exit code
 * after a message. */
int batch_archive_check(const struct archive_job *job);

/* Writes the archive, which has its name once it is complete and synced. A file of the name must not exist, unless it
 * is the archive of the batch as it is now: an interrupted command wrote it. Returns 0, or -1 after a message. */
int batch_archive_write(struct archive_job *job);

#endif
