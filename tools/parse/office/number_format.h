/*
 * number_format: numbers as spreadsheets show them, by number format codes (ECMA-376 part 1, 18.8.30 and 18.8.31).
 *
 * Names of days and months are English, whatever the code's locale. Colours are left out, and so is what a code has for
 * the width of a column.
 */
#ifndef BI_PARSE_NUMBER_FORMAT_H
#define BI_PARSE_NUMBER_FORMAT_H

#include <stdbool.h>

#include "base/buf.h"

/* The code of a built-in format, "General" if there is none with this ID. Those whose dates follow the reader's system
 * (14, 22) are ISO 8601. */
const char *number_format_builtin(long id);

/* Appends VALUE as the format CODE shows it. FROM_1904: day 0 is 1904-01-01 and not 1899-12-30. */
void number_format_put(const char *code, double value, bool from_1904, struct buf *out);

#endif
