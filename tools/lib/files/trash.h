/*
 * trash: removes whole directories of the root. They are first renamed into trash/, so that no process sees one that is
 * half removed. The next process removes what a killed one left there.
 *
 * This works on a full disk too. If there is no space for an entry or an inode in trash/, the directory is renamed over
 * the empty .trash/ that root_make_spare() made in advance, which needs no space. If that is missing or in use, the
 * directory is renamed to a hidden name beside itself. No program takes these for batches, and trash_empty() removes
 * them.
 *
 * Everything is reached through directory descriptors, one name at a time. A symbolic link is removed, not followed.
 * Another file system that is mounted below is left alone.
 */
#ifndef BI_TRASH_H
#define BI_TRASH_H

#include "files/root.h"

/*
 * Removes the directory of the batch NAME, under the batch's exclusive lock. Its review pages, parts in temp/ and queue
 * entry are not touched. Returns 0, or -1 with errno: ENOENT if there is no such batch, EBUSY if a process works on it.
 * If it is gone from batches/ but could not be deleted completely, trash_empty() removes the rest.
 */
int trash_batch(const struct root *root, const char *name);

/* The same for the directory NAME in the directory DIRFD of the root, without a lock. */
int trash_dir(const struct root *root, int dirfd, const char *name);

/* Removes what is in trash/ and in its two substitutes. Returns 0, or -1 with the errno of the first failure. */
int trash_empty(const struct root *root);

#endif
