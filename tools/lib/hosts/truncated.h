/*
 * truncated: whether a file has its end, by its own marks. Formats without any are taken as they are.
 *
 * This reads strangers' bytes outside of any confinement, which it may because it decodes nothing: it compares a few
 * bytes at the end, and follows lengths only to seek by them, each checked against the file's. Reads are into one
 * block of fixed size, at most TRUNCATED_READ_MAX bytes of a file altogether, and those only where the end is not near.
 */
#ifndef BI_TRUNCATED_H
#define BI_TRUNCATED_H

#include <stddef.h>
#include <stdint.h>

enum { TRUNCATED_READ_MAX = 32 << 20 };

/*
 * NULL when the file FD of BYTES bytes, which begins as a MIME does, has its end, or when nothing is known of how it
 * ends; else what is wrong, "it has no end marker: cut short", a constant. Known: JPEG, PNG, GIF, WebP and other
 * RIFF, PDF, ZIP and what is made of it. Bytes behind the end are no harm (pictures with a film behind them). HEAD is
 * the file's first HEAD_LEN bytes where they are at hand, which are not read again; 0 where not.
 */
const char *truncated_check(int fd, uint64_t bytes, const char *mime, const void *head, size_t head_len);

#endif
