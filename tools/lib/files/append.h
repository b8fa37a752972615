/*
 * append: appends lines to a file that several processes append to.
 *
 * Every append, and every cut of a torn tail, happens under the file's exclusive flock. Readers ignore a last line that
 * has no newline.
 */
#ifndef BI_APPEND_H
#define BI_APPEND_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/buf.h"

/* Under the lock: cuts off a last line without a newline, which a killed writer left. Returns the length of the file,
 * or -1 with errno. */
off_t append_end(int fd);

/* Under the lock: writes N bytes of whole lines at END, which append_end() returned. A short write is cut off again.
 * Returns 0, or -1 with errno. */
int append_lines(int fd, off_t end, const char *lines, size_t n);

/* Returns where the last whole line of FD ends, or -1 with errno. It needs no lock. */
off_t append_whole(int fd);

/*
 * Calls SEE with each whole line of FD from the offset FROM on, in order: its offset and its text without the newline.
 * SEE returns false to stop. Returns the offset behind the last line seen, or -1 with errno. It needs no lock: lines
 * that are appended meanwhile may be missed.
 */
off_t append_each(int fd, off_t from, bool (*see)(off_t at, const char *line, size_t n, void *arg), void *arg);

/* Stores the whole line that begins at offset AT in OUT, without newline. Returns 0, or -1: ENOENT if there is no whole
 * line, or another errno. */
int append_line(int fd, off_t at, struct buf *out);

#endif
