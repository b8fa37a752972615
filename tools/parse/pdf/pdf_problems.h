/*
 * pdf_problems: what poppler logs about a document. Nothing else tells that it had to guess where the objects of a
 * damaged file are, left out a damaged part, or lacks the tables for a character collection.
 */
#ifndef BI_PARSE_PDF_PROBLEMS_H
#define BI_PARSE_PDF_PROBLEMS_H

#include <stdbool.h>

struct pdf_problems {
	char first[200]; /* the first message about an error in the file, one line of UTF-8; "": there is none */
	bool no_tables;  /* the tables of poppler-data were needed, and are missing */
};

/* Catches the messages of GLib and poppler from now on. */
void pdf_problems_load(void);

/* Begins to keep messages in P, for as long as the document is read. */
void pdf_problems_keep(struct pdf_problems *p);

/* Whether messages count; those about the drawing of a page say nothing about its text. */
void pdf_problems_count(bool count);

#endif
