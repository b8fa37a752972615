/*
 * docx: DOCX (ECMA-376, WordprocessingML), transitional and strict.
 */
#ifndef BI_PARSE_DOCX_H
#define BI_PARSE_DOCX_H

#include <stdbool.h>

#include "html/tree.h"
#include "office/members.h"

/* Whether the parser needs the member NAME. */
bool docx_wants(const char *name);

/* Makes a document of the members; T reads HTML in it. False after doc_fail(). */
bool docx_parse(const struct members *m, struct tree *t, struct doc *d);

#endif
