/*
 * pptx: presentations of PresentationML (ECMA-376 part 1, 19), transitional and strict.
 */
#ifndef BI_PARSE_PPTX_H
#define BI_PARSE_PPTX_H

#include <stdbool.h>

#include "office/members.h"

/* Makes a document of the members. False after doc_fail(). */
bool pptx_parse(const struct members *m, struct doc *d);

#endif
