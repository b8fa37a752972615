/*
 * charset_names: the character set of names of files, such as those in an archive that does not state one.
 *
 * Names are short, and mostly in the sets of DOS, Windows or East Asia. Beside the guess for texts (charset_guess.h)
 * these sets are tried: that in which the names make the best words is used. Characters of two bytes count as letters
 * if they are among the frequent ones of their set. Names have few of the others.
 */
#ifndef BI_CHARSET_NAMES_H
#define BI_CHARSET_NAMES_H

#include <stddef.h>

#include "charsets/charset.h"

/* Returns the character set of N bytes of names, which are not UTF-8, with line feeds between them, and how often such
 * guesses are right in *CONFIDENCE. CHARSET_NONE: that cannot be told. */
int charset_names_guess(const struct charsets *c, const char *bytes, size_t n, double *confidence);

#endif
