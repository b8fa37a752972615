/*
 * plain_markdown: plain text, as in mails and as programs write it, as Markdown.
 */
#ifndef BI_PARSE_PLAIN_MARKDOWN_H
#define BI_PARSE_PLAIN_MARKDOWN_H

#include "markdown/md.h"

enum {
	PLAIN_QUOTES = 1, /* lines that begin with ">" are quotes, as in mails */
	PLAIN_FLOWED = 2, /* a blank at the end of a line means that the next one belongs to it (RFC 3676) */
	PLAIN_DELSP = 4,  /* and that blank is not of the text */
	PLAIN_WRAPPED =
		8, /* lines were broken when they were full: one of 60 characters and more goes on in the next */
};

/*
 * Adds N bytes of TEXT, UTF-8 with a NUL behind them. Empty lines separate paragraphs, and a line break stays one. A
 * paragraph that is laid out with blanks or tabs is kept as a block of code, as it is. What would read as markup is
 * escaped.
 */
void plain_markdown_add(struct md *m, const char *text, size_t n, unsigned flags);

#endif
