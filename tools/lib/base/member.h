/*
 * member: makes the names of archive members into labels that are safe to show and to store.
 *
 * A label is never a path on disk.
 */
#ifndef BI_MEMBER_H
#define BI_MEMBER_H

#include <stddef.h>

#include "base/buf.h"

enum { MEMBER_LABEL_MAX = 4096 }; /* bytes of a label */

/*
 * Sets OUT to the label of the N bytes NAME: UTF-8 without "." parts and without doubled or final slashes. Bytes that
 * are not UTF-8 and control characters are escaped as \xe9; characters that break lines or change the direction of text
 * are escaped as \u202e. Returns NULL if the name is valid, else the reason in words (it is absolute, has "..", is
 * empty or too long). OUT can be shown in both cases.
 */
const char *member_label(struct buf *out, const char *name, size_t n);

#endif
