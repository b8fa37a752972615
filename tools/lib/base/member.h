/*
 * member: the names that archives give their members, as labels that are safe to show and to keep.
 *
 * A label is never a path on disk.
 */
#ifndef BI_MEMBER_H
#define BI_MEMBER_H

#include <stddef.h>

#include "base/buf.h"

enum { MEMBER_LABEL_MAX = 4096 }; /* bytes of a label */

/*
 * Sets OUT to the label of the N bytes NAME: UTF-8 without "." parts and doubled or final slashes. Bytes that are no
 * UTF-8 and control characters are escaped, \xe9; those that turn the direction of text or break lines likewise,
 * \u202e. NULL when it may be used; else why it may not, in words (an absolute name, one with "..", an empty one, one
 * that is too long), and OUT is what can be shown of it.
 */
const char *member_label(struct buf *out, const char *name, size_t n);

#endif
