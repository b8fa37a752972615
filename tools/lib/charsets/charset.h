/*
 * charset: converts pages of other character sets to UTF-8. All converters are opened in advance, since a confined
 * process cannot open one.
 */
#ifndef BI_CHARSET_H
#define BI_CHARSET_H

#include <stddef.h>

#include "base/buf.h"

struct charsets;

/* Opens all converters that the C library has. Never returns NULL. */
struct charsets *charset_open(void);

/* charset_of() returns the character set that browsers take for a label ("latin1", N bytes, in any case): a number for
 * charset_convert(), CHARSET_UTF8, or CHARSET_NONE for an unknown label. */
enum { CHARSET_NONE = -1, CHARSET_UTF8 = -2 };
int charset_of(const struct charsets *c, const char *label, size_t n);

/* Returns the label of a character set, "windows-1252"; "utf-8" for CHARSET_UTF8 and CHARSET_NONE. */
const char *charset_name(int charset);

/* Returns the character set that a Content-Type names behind "charset=", or CHARSET_NONE if it names none. */
int charset_of_type(const struct charsets *c, const char *content_type);

/* Returns the character set of the byte order mark at the beginning of N bytes, or CHARSET_NONE if there is none. Sets
 * *MARK to the mark's length. */
int charset_of_mark(const struct charsets *c, const char *bytes, size_t n, size_t *mark);

/* Sets OUT to N bytes of a character set as UTF-8. Bytes that are not valid in it become U+FFFD.
 * Those of CHARSET_UTF8 and CHARSET_NONE stay as they are, valid or not. */
void charset_convert(const struct charsets *c, int charset, const char *bytes, size_t n, struct buf *out);

#endif
