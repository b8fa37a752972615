/*
 * numerals: numbers of lists as letters, Roman numerals and the like.
 */
#ifndef BI_PARSE_NUMERALS_H
#define BI_PARSE_NUMERALS_H

#include "base/buf.h"

/* Appends NUMBER in a format of ECMA-376 (17.18.59): decimal, decimalZero, upperRoman, lowerRoman, upperLetter,
 * lowerLetter, ordinal, decimalEnclosedCircle, none. Others are written as decimal. */
void numeral_add(const char *format, long number, struct buf *out);

#endif
