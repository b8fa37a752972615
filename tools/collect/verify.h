/*
 * verify: whether exports are as they were written.
 */
#ifndef BI_VERIFY_H
#define BI_VERIFY_H

#include <stdbool.h>

/* Verifies each of FILES, ended by NULL; JSON: with records. Returns an exit code. */
int verify_files(char **files, bool json);

#endif
