/*
 * charset_guess: the character set of text that does not state one.
 *
 * Escape sequences (ISO-2022) and the structure of UTF-16 and UTF-32 are recognised for certain. For the rest,
 * uchardet guesses from the frequency of letters in 30 languages. It does not know Mac Roman, and takes similar sets of
 * one region for each other in short texts, so its guess is compared with its likely confusions: that in which the
 * letters make words is used. There, small letters are not followed by capital ones, and words have no signs, control
 * characters or parts of frames in them.
 */
#ifndef BI_CHARSET_GUESS_H
#define BI_CHARSET_GUESS_H

#include <stddef.h>

#include "charsets/charset.h"

/* Returns the character set of N bytes as UTF-16 or UTF-32 without a byte order mark, or CHARSET_NONE if they are not
 * such text. */
int charset_guess_wide(const struct charsets *c, const char *bytes, size_t n);

/* Returns the character set of N bytes that ISO-2022 escape sequences state, or CHARSET_NONE if there are none. */
int charset_guess_escaped(const struct charsets *c, const char *bytes, size_t n);

/* Returns the character set of N bytes that are none of these and not valid UTF-8: never CHARSET_NONE, and
 * CHARSET_UTF8 if most of them are UTF-8. *CONFIDENCE is how
 * often guesses were right for texts with as many letters beyond ASCII, from 0 to 1 (tests/charsets). */
int charset_guess(const struct charsets *c, const char *bytes, size_t n, double *confidence);

/* Returns how often guesses are right for N bytes that make words with so many FAULTS (charset_words.h). */
double charset_guess_confidence(const char *bytes, size_t n, double faults);

#endif
