/*
 * section: a part of a document that grows in an unnamed file, so that memory does not grow with it.
 */
#ifndef BI_SECTION_H
#define BI_SECTION_H

#include <stdbool.h>

#include "base/buf.h"
#include "files/atomic_file.h"

/* With a PART whose fd is -1 it is not begun. The owner appends to TEXT, and flushes it. */
struct section {
	struct atomic_file part;
	struct buf text; /* what is not written yet */
};

/* Begins a section in the directory TEMP. Returns 0, or -1 with errno. section_drop() ends it in either case. */
int section_begin(struct section *s, int temp);

/* Writes TEXT if it is long, or in any case with ALL. Returns 0, or -1 with errno. */
int section_flush(struct section *s, bool all);

/* Copies the whole file FD to OUT, which may be a pipe. Returns the number of bytes, or -1 with errno. */
long long section_copy(int fd, int out);

void section_drop(struct section *s);

#endif
