/*
 * reader_input: what a program that reads UTF-8 gets of a file that is written in something else.
 *
 * pandoc takes everything for UTF-8, or else for Latin-1. It does not look at the character set that XML states, and of
 * RTF it knows one code page, and loses the letter behind a character that has a one-letter substitute (\u228?b).
 */
#ifndef BI_PARSE_READER_INPUT_H
#define BI_PARSE_READER_INPUT_H

#include "request.h"

/* Opens the converters of character sets, before the process is confined. */
void reader_input_load(void);

/* Returns a descriptor of the file of Q as UTF-8, to be closed: a copy in memory if it is RTF, XML in another character
 * set, or has invalid bytes (they become U+FFFD), otherwise the file itself again. D gets what is found out by that:
 * the character set, and that the file is cut short. -1 with errno if memory is lacking or the file cannot be read. */
int reader_input(const struct request *q, struct doc *d);

/* Whether the file, which a program could not read, is XML that is not well-formed or JSON that is invalid: it is cut
 * short or damaged. */
bool reader_input_is_damaged(const struct request *q, struct doc *d);

#endif
