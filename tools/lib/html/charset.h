/*
 * charset: pages of other character sets as UTF-8. Every converter is opened beforehand: a confined process can open
 * none.
 */
#ifndef BI_CHARSET_H
#define BI_CHARSET_H

#include <stddef.h>

#include "base/buf.h"

struct charsets;

/* Opens all converters that the C library has. Never NULL. */
struct charsets *charset_open(void);

/* The character set that a label ("latin1", N bytes, in any case) stands for as browsers understand it, a number for
 * charset_convert(); CHARSET_UTF8, or CHARSET_NONE for a label that is not known. */
enum { CHARSET_NONE = -1, CHARSET_UTF8 = -2 };
int charset_of(const struct charsets *c, const char *label, size_t n);

/* The one that a Content-Type names behind "charset=", CHARSET_NONE where it names none. */
int charset_of_type(const struct charsets *c, const char *content_type);

/* The one of the byte order mark that N bytes begin with, CHARSET_NONE where they have none; *MARK: the bytes it takes.
 */
int charset_of_mark(const struct charsets *c, const char *bytes, size_t n, size_t *mark);

/* Sets OUT to N bytes of a character set as UTF-8; what is no character in it becomes U+FFFD. */
void charset_convert(const struct charsets *c, int charset, const char *bytes, size_t n, struct buf *out);

#endif
