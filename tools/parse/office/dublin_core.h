/*
 * dublin_core: Dublin Core elements: docProps/core.xml, meta.xml, an OPF.
 */
#ifndef BI_PARSE_DUBLIN_CORE_H
#define BI_PARSE_DUBLIN_CORE_H

#include "doc.h"
#include "office/members.h"

/* Takes title, author and the like from PART; NULL does nothing. */
void dublin_core_read(const struct member_one *part, struct doc *d);

#endif
