/*
 * docx_styles: the styles of a DOCX (ECMA-376 part 1, 17.7).
 */
#ifndef BI_PARSE_DOCX_STYLES_H
#define BI_PARSE_DOCX_STYLES_H

#include "office/members.h"

enum docx_kind {
	DOCX_PLAIN,
	DOCX_TITLE,
	DOCX_QUOTE,
	DOCX_BULLET, /* a list without numbers */
	DOCX_NUMBER,
	DOCX_CODE,
};

/* What a style and those that it is based on say. -1: nothing. */
struct docx_style {
	enum docx_kind kind;
	int heading; /* its level, 1 to 9; 0: text */
	int hidden, strong, emphasis, deleted;
	int level;          /* of the list */
	const char *number; /* numId; NULL: nothing */
	const char *owner;  /* the id of the style that has NUMBER */
};

struct docx_styles;

/* Reads PART, which may be NULL. The caller calls docx_styles_free(). */
struct docx_styles *docx_styles_read(const struct member_one *part);
void docx_styles_free(struct docx_styles *s);

/* The style ID. One that does not exist is judged by its id. What it points to is valid as long as S. */
struct docx_style docx_style(const struct docx_styles *s, const char *id);

#endif
