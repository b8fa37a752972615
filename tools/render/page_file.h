/*
 * page_file: files of the review directory that are replaced only if they change.
 */
#ifndef BI_PAGE_FILE_H
#define BI_PAGE_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "render_state.h"

/* Whether the file NAME in DIRFD has these bytes. A file that cannot be read has not. */
bool page_file_is_written(int dirfd, const char *name, const char *bytes, size_t n);

/* Writes the file NAME of the review directory unless it has these bytes already. 0, or -1 with errno. */
int page_file_write(const struct render *r, const char *name, const char *bytes, size_t n);

#endif
