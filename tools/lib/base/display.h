/*
 * display: how much room text takes on a terminal. Widths are those of wcwidth(3) in the locale of the process, which
 * must have called setlocale(LC_CTYPE, ""); without that, characters that are not ASCII count as one column.
 */
#ifndef BI_DISPLAY_H
#define BI_DISPLAY_H

#include <stdbool.h>

#include "base/buf.h"

/* Returns the columns that TEXT takes. Escape sequences that end in m take none. */
int display_width(const char *text);

/* Appends TEXT to OUT, or if it takes more than COLUMNS its beginning and an ellipsis, with UTF8 that of one column. */
void display_cut(struct buf *out, const char *text, int columns, bool utf8);

/* Breaks lines of TEXT that take more than COLUMNS, at any character. */
void display_break(struct buf *text, int columns);

/* Appends TEXT, broken at spaces into lines of at most COLUMNS if words are not longer, each but the first behind
 * INDENT spaces; the first begins at column INDENT. Ends with a newline. */
void display_fold(struct buf *out, const char *text, int indent, int columns);

#endif
