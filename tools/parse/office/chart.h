/*
 * chart: charts of DrawingML (ECMA-376 part 1, 21.2): their titles, and their numbers as they were when the file was
 * saved.
 */
#ifndef BI_PARSE_CHART_H
#define BI_PARSE_CHART_H

#include <stdbool.h>

#include "doc.h"
#include "office/members.h"

/* Writes the titles of the chart PART as paragraphs to MD, and its series as a table. False if there is neither, or
 * PART is NULL. */
bool chart_put(const struct member_one *part, struct doc *d, struct md *md);

#endif
