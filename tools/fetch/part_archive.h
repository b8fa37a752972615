/*
 * part_archive: parts of --from that are archives of bi-clean. A confined process (expand.h) unpacks each archive into
 * a root of its own, in a scratch directory of temp/ (scratch.h). The archive is used only if its members have the
 * digests in its list.
 */
#ifndef BI_PART_ARCHIVE_H
#define BI_PART_ARCHIVE_H

#include "files/root.h"
#include "files/scratch.h"

/* Zeroed but for ROOT and TEMP: nothing is unpacked. */
struct part_archives {
	const struct root *root;
	int temp;                /* temp/ of ROOT */
	int dir;                 /* the scratch directory, if it has a NAME */
	char name[SCRATCH_NAME]; /* "": the directory is not made yet */
	unsigned count;
};

/* Unpacks the archive FD, which messages call PART. Stores the root in OUT, for root_close(), and the name of its batch
 * in BATCH. Returns 0, or an exit code after a message. */
int part_archive_open(struct part_archives *a, const char *part, int fd, struct root *out,
		      char batch[BATCH_NAME_MAX + 1]);

/* Removes what was unpacked. */
void part_archives_close(struct part_archives *a);

#endif
