/*
 * xlsx_book: what all sheets of a workbook share: strings, number formats, and the calendar.
 */
#ifndef BI_PARSE_XLSX_BOOK_H
#define BI_PARSE_XLSX_BOOK_H

#include <stdbool.h>
#include <stddef.h>

#include "office/members.h"

struct xlsx_book {
	struct buf texts; /* the shared strings, each with a NUL */
	size_t *strings;  /* the offset of each in TEXTS */
	size_t string_count;
	char **formats; /* the number format code of each cell style; NULL: General */
	size_t format_count;
	bool from_1904;
	bool damaged; /* a part that they are in ends early */
};

/* Reads the parts STRINGS and STYLES, either of which may be NULL. For xlsx_book_free(). */
void xlsx_book_read(struct xlsx_book *b, const struct member_one *strings, const struct member_one *styles);
void xlsx_book_free(struct xlsx_book *b);

/* Returns the code of a cell's style. */
const char *xlsx_book_format(const struct xlsx_book *b, size_t style);

/* Appends N bytes of a string: _x000D_ stands for a character (ECMA-376 part 1, 22.9.2.19, ST_Xstring). */
void xlsx_text_put(const char *s, size_t n, struct buf *out);

#endif
