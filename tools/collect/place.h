/*
 * place: where a subject is in the collection: by_subject_id/7, by_category/M/7 or by_batch/birds/7.
 */
#ifndef BI_PLACE_H
#define BI_PLACE_H

#include <stdbool.h>

#include "base/buf.h"

enum place_kind { PLACE_BY_ID, PLACE_BY_CATEGORY, PLACE_BY_BATCH, PLACE_KINDS };

/* The names of the trees: "by_subject_id". */
extern const char *const place_tree[PLACE_KINDS];

/* Returns the kind that the option --by names ("id", "category", "batch"), or PLACE_KINDS. */
enum place_kind place_parse(const char *word);

/* Sets OUT to the place of the subject ID below its tree: "7" or "M/7". A CATEGORY that cannot be the name of a
 * directory is changed as file_name_portable() does; NULL or "" is "_". */
void place_print(struct buf *out, enum place_kind kind, const char *batch, const char *category, const char *id);

/* Opens the directory PLACE below TREE, which CREATE makes, with its group. Returns a descriptor, or -1 with errno:
 * ENOENT if there is none. */
int place_open(int tree, const char *place, bool create);

/* Removes the empty directory PLACE, and that of its group if that is empty. Returns 0, also if it is not empty or not
 * there, or -1 with errno. */
int place_remove(int tree, const char *place);

/* Calls SEE with each place of a tree of this KIND, in their order, until it returns something else than 0. Returns
 * that, or -1 with errno if a directory cannot be read. */
int place_each(int tree, enum place_kind kind, int (*see)(const char *place, void *arg), void *arg);

#endif
