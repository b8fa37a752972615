/*
 * scratch: a directory in the root's temp/ for one process, which is locked as long as the process lives.
 *
 * A process that is killed leaves its directory. The next scratch_open() removes it, and so does `bi-clean temp`.
 */
#ifndef BI_SCRATCH_H
#define BI_SCRATCH_H

#include <stdbool.h>

#include "files/root.h"

enum { SCRATCH_NAME = 64 }; /* bytes of a name, with its NUL */

/* Makes a directory in the directory TEMP, temp/ of ROOT, and locks it. Its name, stored in NAME, begins with WORD.
 * Directories that killed processes left are removed first. Returns its descriptor, or -1 with errno and NAME "". */
int scratch_open(const struct root *root, int temp, const char *word, char name[SCRATCH_NAME]);

/* Removes the directory NAME and what is in it. Returns 0, or -1 with errno. */
int scratch_remove(const struct root *root, int temp, const char *name);

/* Whether NAME is a name that scratch_open() gives. */
bool scratch_is_name(const char *name);

/* Removes the directory NAME if no process has it; with ONLY_LOOK it stays. Returns 1, 0 if a process has it or it is
 * gone, or -1 with errno. */
int scratch_remove_left(const struct root *root, int temp, const char *name, bool only_look);

#endif
