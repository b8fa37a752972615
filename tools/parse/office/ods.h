/*
 * ods: spreadsheets of OpenDocument (ISO/IEC 26300).
 */
#ifndef BI_PARSE_ODS_H
#define BI_PARSE_ODS_H

#include <stdbool.h>

#include "office/members.h"

/* Makes a document of the members that odf_wants() selects. False after doc_fail(). */
bool ods_parse(const struct members *m, struct doc *d);

#endif
