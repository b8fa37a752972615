/*
 * parse_helper: the confined part of bi-parse.
 *
 * The protocol is that of helper.h: each packet to `bi-parse --serve FORMAT` is five lines: the file's media type, URL,
 * name and Content-Type, and "MILLISECONDS LANGUAGES", the time and the languages of OCR. All may be empty, and the
 * last may be missing. With it come two descriptors (SCM_RIGHTS): the file, and an empty one for what is made of it.
 * There it writes the bytes of pictures, one after the other, then the text, then a JSON object with the rest, and
 * answers "done IMAGES TEXT META", how many bytes each has; or "failed CODE WORDS", or "other": it is not of that
 * format.
 */
#ifndef BI_PARSE_HELPER_H
#define BI_PARSE_HELPER_H

#include <stddef.h>

#include "doc.h"
#include "formats.h"

/* The output file may grow to the maximum size of an answer. */
#define PARSE_OUT_MAX ((size_t)DOC_IMAGES + DOC_TEXT + DOC_META)

enum {
	SERVE_LINE = 8192,  /* bytes of a line of a request */
	SERVE_ANSWER = 256, /* bytes of an answer, with its NUL */
};

/* Answers requests for the format F on standard input, a socket, until end-of-file. */
_Noreturn void parse_serve(const struct format *f);

/* The main() of a program that parses some formats alone, `bi-parse-pdf --serve pdf`: `bi-parse --serve pdf` becomes
 * it. So the libraries for a format are loaded for its files only. */
_Noreturn void parse_serve_main(int argc, char **argv, const struct format *formats, size_t count);

#endif
