/*
 * append: lines added to a file that several processes add to.
 *
 * Every append, and every cut of a torn tail, happens under the file's exclusive flock.
 * Readers ignore a last line that has no newline.
 */
#ifndef BI_APPEND_H
#define BI_APPEND_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/buf.h"

/* Under the lock: cuts off a last line without newline, which a killed writer left, and
 * returns the file's length then; -1 with errno. */
off_t append_end(int fd);

/* Under the lock: writes N bytes of whole lines at END (from append_end()). A short write is cut
 * back. 0, or -1 with errno. */
int append_lines(int fd, off_t end, const char *lines, size_t n);

/* Where the last whole line of FD ends, without any lock; -1 with errno. */
off_t append_whole(int fd);

/*
 * Calls SEE with each whole line of FD from the offset FROM on, in order: its offset, its text
 * without newline. SEE returns false to stop. Returns the offset behind the last line seen, or
 * -1 with errno. No lock is needed: what is there is read, what comes later may be missed.
 */
off_t append_each(int fd, off_t from, bool (*see)(off_t at, const char *line, size_t n, void *arg), void *arg);

/* The whole line that begins at offset AT into OUT, without newline. 0, or -1: ENOENT where
 * there is no whole line, or another errno. */
int append_line(int fd, off_t at, struct buf *out);

#endif
