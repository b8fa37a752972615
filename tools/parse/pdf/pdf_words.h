/*
 * pdf_words: the words of a PDF page and where they stand.
 */
#ifndef BI_PARSE_PDF_WORDS_H
#define BI_PARSE_PDF_WORDS_H

#include <poppler.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* Coordinates are points from the upper left corner of the page. */
struct pdf_word {
	size_t from, n; /* its bytes in the text of the page */
	size_t count;   /* of characters */
	double x0, y0, x1, y1;
	double size;    /* of its font */
	unsigned line;  /* its number: the words of a line are neighbours */
	bool space;     /* white space is before it */
	unsigned table; /* the number of the table that it stands for; 0: none */
};

struct pdf_words {
	char *text; /* as poppler has it, UTF-8 */
	struct pdf_word *list;
	size_t n;
	bool leftward; /* some of it is written from right to left */
};

/* Sets W to the words of PAGE in poppler's order. Its lines are poppler's, with two corrections: a line ends where the
 * next character stands elsewhere, which poppler does not say at the end of a block of text, and words are apart where
 * the space between them is wider than a letter. The caller frees W with pdf_words_free(). */
void pdf_words_find(PopplerPage *page, struct pdf_words *w);
void pdf_words_free(struct pdf_words *w);

/* Appends N bytes of a word. Ligatures become letters, and a soft hyphen stays only at the end. */
void pdf_letters_add(struct buf *out, const char *text, size_t n);

#endif
