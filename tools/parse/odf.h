/*
 * odf: OpenDocument text.
 */
#ifndef BI_PARSE_ODF_H
#define BI_PARSE_ODF_H

#include <stdbool.h>

#include "members.h"

/* Whether the parser needs the member NAME. */
bool odf_wants(const char *name);

/* Makes a document of the members. False after doc_fail(). */
bool odf_parse(const struct members *m, struct doc *d);

#endif
