/*
 * number_date: days since the beginning of a spreadsheet's calendar, as dates and times.
 */
#ifndef BI_PARSE_NUMBER_DATE_H
#define BI_PARSE_NUMBER_DATE_H

#include <stdbool.h>

#include "base/buf.h"
#include "office/number_tokens.h"

/* Whether VALUE is a day that the calendar has. */
bool number_is_date(double value);

/* Appends VALUE as the date section X shows it. */
void number_date_put(const struct number_section *x, double value, bool from_1904, struct buf *out);

#endif
