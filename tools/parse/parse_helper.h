/*
 * parse_helper: the confined part of bi-parse.
 *
 * The protocol is that of helper.h: each packet to a process with `--serve FORMAT` is five lines: the file's media
 * type, URL, name and Content-Type, and "MILLISECONDS LANGUAGES", the time and the languages of OCR. All may be empty,
 * and the last may be missing. With it come two descriptors (SCM_RIGHTS): the file, and an empty one for what is made
 * of it. There it writes the bytes of pictures, one after the other, then the text, then a JSON object with the rest,
 * and answers "done IMAGES TEXT META", how many bytes each has; or "failed CODE WORDS", or "other": it is not of that
 * format.
 */
#ifndef BI_PARSE_HELPER_H
#define BI_PARSE_HELPER_H

#include <stddef.h>

enum {
	SERVE_LINE = 8192,  /* bytes of a line of a request */
	SERVE_ANSWER = 256, /* bytes of an answer, with its NUL */
};

struct format;

/* Returns the format NAME among the COUNT formats of TABLE, or NULL. */
const struct format *format_find(const struct format *table, size_t count, const char *name);

/* Answers requests on standard input, a socket, until end-of-file. */
_Noreturn void parse_serve(const struct format *f);

/* The main() of an executable in libexec, which has only the formats of TABLE: `bi-parse-pdf --serve pdf`. */
_Noreturn void parse_serve_main(const struct format *table, size_t count, int argc, char **argv);

#endif
