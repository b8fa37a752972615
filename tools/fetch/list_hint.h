/*
 * list_hint: names of files that are probably meant otherwise.
 */
#ifndef BI_LIST_HINT_H
#define BI_LIST_HINT_H

#include <stdbool.h>

/* Returns whether a plain line or operand is a pattern of the shell, as "*.jpg". URLs and records are none. */
bool list_is_pattern(const char *text);

/* Prints a message if the local file FILE is itself a list of URLs, by its name and its beginning. After a few messages
 * it prints no more. */
void list_hint(const char *file);

#endif
