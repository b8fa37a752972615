/*
 * csv: tables as text: CSV (RFC 4180) and its kin with semicolons, tabs or bars.
 */
#ifndef BI_PARSE_CSV_H
#define BI_PARSE_CSV_H

#include <stdbool.h>
#include <stddef.h>

#include "request.h"

/* Whether the file is called, or said to be, such a table. */
bool csv_is_named(const struct request *r);

/* Writes the N bytes TEXT, UTF-8 with lines that end in LF, as a table. False if they are not regular: less than three
 * fifths of their records have the same number of fields, or those have one. */
bool csv_put(const struct request *r, const char *text, size_t n, struct doc *d);

#endif
