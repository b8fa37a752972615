/*
 * word_binary: what the header of a DOC (Word 97 and later, [MS-DOC] 2.5) says of parts that a program may leave out.
 */
#ifndef BI_PARSE_WORD_BINARY_H
#define BI_PARSE_WORD_BINARY_H

#include "request.h"

/* Names comments, headers and footers as missing if the file has them. False if it is encrypted: doc_fail() was called.
 * Files that are no DOC have nothing of it. */
bool word_binary_look(const struct request *q, struct doc *d);

#endif
