/*
 * xlsx: workbooks of SpreadsheetML (ECMA-376 part 1, 18), transitional and strict.
 */
#ifndef BI_PARSE_XLSX_H
#define BI_PARSE_XLSX_H

#include <stdbool.h>

#include "office/members.h"

/* Makes a document of the members. False after doc_fail(). */
bool xlsx_parse(const struct members *m, struct doc *d);

#endif
