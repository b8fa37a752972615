/*
 * shortfall: what of a file is not in its text, in a sentence for a terminal, where no record says it.
 */
#ifndef BI_PARSE_SHORTFALL_H
#define BI_PARSE_SHORTFALL_H

#include <stdbool.h>

#include "answer.h"

/* Adds to OUT what the record of A names in missing, truncated, needs_ocr and needs_package, and what to do about it:
 * "its text is not read: install pandoc". Adds nothing if all of the file is there. OCR: --ocr is in use. */
void shortfall_describe(struct buf *out, const struct answer *a, bool ocr);

#endif
