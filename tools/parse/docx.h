/*
 * docx: DOCX (ECMA-376, WordprocessingML).
 */
#ifndef BI_PARSE_DOCX_H
#define BI_PARSE_DOCX_H

#include <stdbool.h>

#include "members.h"

/* Whether the parser needs the member NAME. */
bool docx_wants(const char *name);

/* Makes a document of the members. False after doc_fail(). */
bool docx_parse(const struct members *m, struct doc *d);

#endif
