/*
 * paths: where a program's own things are: share/, its manual and the programs beside it; how many files it may open,
 * and how many processors there are.
 */
#ifndef BI_PATHS_H
#define BI_PATHS_H

#include "base/buf.h"

/*
 * Sets OUT to the path of NAME ("review/index.jq") in share/: $BI_SHARE, else ../share beside
 * this executable (the source tree), else ../share/bi (an installed prefix). 0, or -1 with
 * errno where it is not there.
 */
int path_of_share(struct buf *out, const char *name);

/* Sets OUT to the path of our program NAME ("bi-type"), beside this executable. 0 or -1 with errno. */
int path_of_program(struct buf *out, const char *name);

/* Sets OUT to the path of our manual page NAME ("bi-fetch") of SECTION ('1') in the source tree, of which this
 * executable is in bin/. Returns 0, or -1 with errno: there is no such tree, and man(1) has the page. */
int path_of_manual(struct buf *out, const char *name, char section);

/* How many processors the system has, 1 at least. */
unsigned count_processors(void);

/* Lets this process have as many files open as the system allows; some start it with a limit of 1024. */
void raise_file_limit(void);

#endif
