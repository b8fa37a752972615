/*
 * trash: removes directories of the root as a whole. They are first renamed into trash/, so that nobody meets one that
 * is half gone, and what a killed process left there is removed by the next.
 *
 * Room can be made on a full disk: where there is none for an entry or an inode in trash/, a directory is renamed over
 * an empty one that root_make_spare() made in advance, the root's .trash/, which needs none; and where that is missing
 * or in use, to a hidden name in its own place. Both are as good as trash/: nobody takes them for a batch, and
 * trash_empty() finishes them.
 *
 * Everything below is reached through directory descriptors, one name at a time; a symbolic link is removed, never
 * followed, and another file system that is mounted below is left alone.
 */
#ifndef BI_TRASH_H
#define BI_TRASH_H

#include "files/root.h"

/*
 * Removes the batch NAME with all that is in its directory; its review pages, parts in temp/ and queue entry are not
 * touched. Its lock is held alone meanwhile. 0; or -1 with errno: ENOENT where there is none, EBUSY where somebody
 * works on it. Where it is gone from batches/ and could not be deleted whole, what is left is trash_empty()'s.
 */
int trash_batch(const struct root *root, const char *name);

/* The same of the directory NAME in the directory DIRFD of the root, without a lock. */
int trash_dir(const struct root *root, int dirfd, const char *name);

/* Removes what is in trash/ and in its two substitutes. 0, or -1 with the errno of the first that could not be. */
int trash_empty(const struct root *root);

#endif
