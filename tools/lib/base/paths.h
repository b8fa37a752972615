/*
 * paths: finds share/, the manual pages and the programs of this installation; also the number of processors, and the
 * limit on open files.
 */
#ifndef BI_PATHS_H
#define BI_PATHS_H

#include "base/buf.h"

/*
 * Sets OUT to the path of NAME ("review/index.jq") in share/: $BI_SHARE, else ../share beside this executable (the
 * source tree), else ../share/bi (an installed prefix). Returns 0, or -1 with errno if the file is not there.
 */
int path_of_share(struct buf *out, const char *name);

/* Sets OUT to the path of our program NAME ("bi-type"), beside this executable. Returns 0 or -1 with errno. */
int path_of_program(struct buf *out, const char *name);

/* The same for a program that only our programs start: in helpers/ beside this executable (the source tree), else in
 * ../libexec/bi (an installed prefix). */
int path_of_helper(struct buf *out, const char *name);

/* Sets OUT to the path of our manual page NAME ("bi-fetch") of SECTION ('1') in the source tree, if this executable is
 * in its bin/. Returns 0, or -1 with errno if there is no source tree; man(1) then finds the page. */
int path_of_manual(struct buf *out, const char *name, char section);

/* Returns how many processors the system has, at least 1. */
unsigned count_processors(void);

/* Raises this process's limit on open files to its maximum. The usual limit is 1024. */
void raise_file_limit(void);

#endif
