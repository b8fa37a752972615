/*
 * truncated: tells by the marks of a file's format whether its end is missing. A format without such marks passes.
 *
 * This reads bytes of strangers without confinement. That is safe because it decodes nothing: it compares a few bytes
 * at the end, and uses lengths only to seek, after checking each against the file's length. It reads into one block of
 * fixed size, and at most TRUNCATED_READ_MAX bytes of a file if the mark is not near its end.
 */
#ifndef BI_TRUNCATED_H
#define BI_TRUNCATED_H

#include <stddef.h>
#include <stdint.h>

enum { TRUNCATED_READ_MAX = 32 << 20 };

/*
 * Returns NULL if the file FD of BYTES bytes has its end, or if nothing is known of the end of the format MIME; else a
 * constant that says what is wrong, "it has no end marker: cut short". Known formats are JPEG, PNG, GIF, WebP and other
 * RIFF, PDF, ZIP and what is made of it. Bytes behind the end are allowed (as in pictures with a film behind them).
 * HEAD has the file's first HEAD_LEN bytes, which are then not read again; HEAD_LEN may be 0.
 */
const char *truncated_check(int fd, uint64_t bytes, const char *mime, const void *head, size_t head_len);

#endif
