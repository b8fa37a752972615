/*
 * item_files: what an item has besides its line and its results: files that have its name, what was parsed of it, and
 * what is unfinished or waits to be fetched.
 *
 * All files of an item begin with its subject's id and its place among the subject's items, "M1_2". item_stems tells by
 * the name of a file whether it is of one of many items, with 8 bytes an item.
 */
#ifndef BI_ITEM_FILES_H
#define BI_ITEM_FILES_H

#include "base/table.h"
#include "batch/batch.h"

struct item_stems {
	const struct batch *batch;
	struct table prints;
};

/* Adds item K. Returns 0, or -1 with errno. item_stems_free() frees the memory. */
int item_stems_add(struct item_stems *s, uint32_t k);

/* Adds the items that are removed; without KEPT not those whose files were kept. Returns 0, or -1 with errno. */
int item_stems_add_removed(struct item_stems *s, bool kept);
void item_stems_free(struct item_stems *s);

/* Stores the item that a file or directory named NAME is of in K, 0 if it is of none of the items. Returns 0, or -1
 * with errno. */
int item_stems_find(const struct item_stems *s, const char *name, uint32_t *k);

/* Removes what was parsed: PATH, "content/STEM.json", and the directory of pictures beside it. 0 also where there is
 * none, or -1 with errno. */
int item_files_remove_content(const struct root *root, const struct batch *b, const char *path);

/* Removes the bytes of an upload that no worker took, and what is unfinished of a download. ASKED is the item. 0, or -1
 * with errno. */
int item_files_remove_begun(const struct root *root, const struct batch *b, uint32_t k, struct json_object *asked);

/* Removes NAME from the directory DIR, which is closed; DIR may be -1 from a failed open. 0 also where there is none,
 * or -1 with errno. */
int item_files_unlink(int dir, const char *name);

#endif
