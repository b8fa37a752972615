/*
 * epub: EPUB (2 and 3): its chapters in the order of the spine.
 */
#ifndef BI_PARSE_EPUB_H
#define BI_PARSE_EPUB_H

#include <stdbool.h>

#include "html/tree.h"
#include "office/members.h"

/* Whether the parser needs the member NAME. */
bool epub_wants(const char *name);

/* Makes a document of the members; T reads its pages. False after doc_fail(). */
bool epub_parse(const struct members *m, struct tree *t, struct doc *d);

#endif
