/*
 * error_codes: lists of failures as people name them on a command line: "404,5xx,timeout".
 */
#ifndef BI_ERROR_CODES_H
#define BI_ERROR_CODES_H

#include <stdbool.h>

/* Whether WORDS is a list, separated by commas, of HTTP statuses (404), classes of them (5xx) and error codes
 * (timeout). */
bool error_codes_check(const char *words);

/* Whether the list WORDS has the error code CODE ("http_404", "timeout"), which may be NULL. */
bool error_codes_have(const char *words, const char *code);

#endif
