/*
 * odf: OpenDocument text.
 */
#ifndef BI_PARSE_ODF_H
#define BI_PARSE_ODF_H

#include <stdbool.h>

#include "html/tree.h"
#include "office/members.h"

/* Whether the parser needs the member NAME. */
bool odf_wants(const char *name);

/* Makes a document of the members; T reads formulas. False after doc_fail(). */
bool odf_parse(const struct members *m, struct tree *t, struct doc *d);

#endif
