/*
 * pdf_columns: brings the words of a page into reading order. Poppler reads tables without lines column by column, and
 * often goes from one column of text to the other and back.
 *
 * A gutter is the tallest strip that no word crosses, with lines of text on both sides. What is above it comes first,
 * then the column at its left, the one at its right, and what is below, each by the same rule (recursive cuts as in
 * Nagy and Seth, "Hierarchical representation of optically scanned documents", 1984; white space as in Breuel, "Two
 * geometric algorithms for layout analysis", 2002). The lines beside a gutter are long: strips between the cells of a
 * table are no gutters, and its rows stay together. Without a gutter, words are read line by line.
 */
#ifndef BI_PARSE_PDF_COLUMNS_H
#define BI_PARSE_PDF_COLUMNS_H

#include "pdf/pdf_words.h"

/* Sorts N words of a page of this height, in points, and numbers their lines anew. Words that are not written from left
 * to right come last; if most are such, or there are too many for a page that somebody reads, all stay as they are. */
void pdf_columns_sort(struct pdf_word *words, size_t n, double height);

#endif
