/*
 * docx_numbering: the numbers of the lists and headings of a DOCX (ECMA-376 part 1, 17.9).
 */
#ifndef BI_PARSE_DOCX_NUMBERING_H
#define BI_PARSE_DOCX_NUMBERING_H

#include "office/members.h"

enum { DOCX_LEVELS = 9, DOCX_LABEL = 128 };

/* What stands before a paragraph. */
struct docx_number {
	enum {
		DOCX_NO_LIST, /* the numbering does not exist */
		DOCX_NO_MARK, /* a paragraph of a list without a mark */
		DOCX_DOT,     /* a mark that does not count */
		DOCX_COUNTED, /* "1." or "(1)": VALUE */
		DOCX_LABELLED /* anything else: "1.2", "a)", "Article IV": LABEL */
	} kind;
	long value;
	char label[DOCX_LABEL];
};

struct docx_numbering;

/* Reads PART, which may be NULL. The caller calls docx_numbering_free(). */
struct docx_numbering *docx_numbering_read(const struct member_one *part);
void docx_numbering_free(struct docx_numbering *n);

/* The number of the next paragraph of the numbering NUM (numId) at LEVEL, which is from 0. */
void docx_numbering_next(struct docx_numbering *n, const char *num, int level, struct docx_number *out);

/* The level of the numbering NUM that belongs to the style; 0 if none does. */
int docx_numbering_level(const struct docx_numbering *n, const char *num, const char *style);

#endif
