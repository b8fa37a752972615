/*
 * words: compares a string with known ones. Upper and lower case differ, unless the name of the function says
 * otherwise.
 */
#ifndef BI_WORDS_H
#define BI_WORDS_H

#include <stdbool.h>
#include <stddef.h>

/* Returns whether WORD equals one of the strings behind it. NULL equals none. */
#define word_is_one_of(word, ...) word_is_in(word, (const char *const[]){__VA_ARGS__, NULL})

/* The same for a list that ends with NULL. */
bool word_is_in(const char *word, const char *const *list);

/* Returns whether the N bytes WORD equal one of the strings of LIST, which ends with NULL, in upper or lower case. */
bool word_is_in_any_case(const char *word, size_t n, const char *const *list);

/* Returns whether NAME ends with END and is longer. */
bool word_ends_in(const char *name, const char *end);

/* Returns how many bytes have to be replaced, inserted or removed to make B of A; more than WORD_MAX if one of them is
 * longer than that. */
enum { WORD_MAX = 64 };
size_t word_distance(const char *a, const char *b);

#endif
