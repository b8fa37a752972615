/*
 * diagram: diagrams of DrawingML, called SmartArt (ECMA-376 part 1, 21.4): the text of their points as a list.
 */
#ifndef BI_PARSE_DIAGRAM_H
#define BI_PARSE_DIAGRAM_H

#include <stdbool.h>

#include "doc.h"
#include "office/members.h"

/* Writes the points of the diagram data PART to MD. False if there is no text in them, or PART is NULL. */
bool diagram_put(const struct member_one *part, struct doc *d, struct md *md);

#endif
