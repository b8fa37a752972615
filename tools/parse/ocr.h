/*
 * ocr: pictures of text, which the program of the type "ocr" in bi-readers(5) reads.
 *
 * The parsers of PDFs and pictures save what is to be read as pictures of the document whose description begins with
 * OCR_ALT and the number of the page (ocr_pages.c). This part takes them out of the answer again, and puts the text of
 * each in its place.
 */
#ifndef BI_PARSE_OCR_H
#define BI_PARSE_OCR_H

#include <stdbool.h>

#include "answer.h"

#define OCR_ALT "ocr page "

enum { OCR_DOTS = 20000000 }; /* the maximum of such a picture */

struct ocr;

/* Whether LANGUAGES are names as tesseract takes them: "eng", "eng+deu", "script/Latin". */
bool ocr_are_languages(const char *languages);

/* Takes the pages to be read out of the answer A in the file OUT. NULL with errno 0 if it has none: A stays as it is;
 * NULL with errno if memory is lacking. Otherwise A and OUT belong to what it returns, for ocr_end(). */
struct ocr *ocr_begin(struct answer *a, int out);

/* A new descriptor of the picture of the next page, for the caller to close; -1 behind the last, or with errno. */
int ocr_next(struct ocr *o);

/* The text of that page, which PROGRAM has read, or why there is none; PACKAGE would help, if it is not NULL. */
void ocr_put_text(struct ocr *o, const char *text, const char *program);
void ocr_put_failure(struct ocr *o, const char *why, const char *package);

/* Gives A and OUT back, with the texts of the pages that were read in LANGUAGES in A, and frees O. */
void ocr_end(struct ocr *o, const char *languages, struct answer *a, int *out);

#endif
