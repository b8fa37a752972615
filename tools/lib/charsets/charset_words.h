/*
 * charset_words: whether bytes, read in a character set, are words.
 */
#ifndef BI_CHARSET_WORDS_H
#define BI_CHARSET_WORDS_H

#include <stddef.h>

#include "charsets/charset.h"

/* Returns how many faults N bytes have in CHARSET for each character beyond ASCII: 0 for good text, about 1 for text in
 * another set, more if the bytes are invalid. */
double charset_words_faults(const struct charsets *c, int charset, const char *bytes, size_t n);

#endif
