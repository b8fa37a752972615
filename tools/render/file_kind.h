/*
 * file_kind: what a candidate's file is, for people, and what browsers do with it.
 */
#ifndef BI_FILE_KIND_H
#define BI_FILE_KIND_H

#include <stdbool.h>

#include "candidate_files.h"

/* Returns the kind of the file in a word or two, for a file without a thumbnail; a constant. */
const char *file_kind(const struct candidate *c);

/* Tells whether browsers show files of the type as pictures. */
bool file_kind_is_shown(const char *mime);

/* Returns the element that plays files of the type, "video" or "audio"; NULL if none does. */
const char *file_kind_player(const char *mime);

#endif
