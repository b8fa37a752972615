/*
 * names: what the files of an export are called by --name.
 */
#ifndef BI_NAMES_H
#define BI_NAMES_H

#include <json-c/json.h>

#include "base/buf.h"

/* Returns NULL if TEMPLATE is valid: {subject}, {n}, {filename}, {title} and {ext} in it stand for those of the file.
 * Else returns what is wrong with it. */
const char *names_check(const char *template);

/*
 * Sets OUT to the name by TEMPLATE of the file with the extension EXT that CHOICE has chosen for the subject ID. It is
 * valid on Windows too (file_name_portable()), and ends in EXT.
 */
void names_print(struct buf *out, const char *template, const char *id, struct json_object *choice, const char *ext);

/* Names that are taken. A zeroed one is empty; names_free() frees it. */
struct names {
	void *tree;
};

/* Takes NAME or, if it is taken, in whatever case, the first free one of NAME_2, NAME_3 and so on, which is inserted
 * before the extension. NAME is then that one. */
void names_take(struct names *t, struct buf *name);
void names_free(struct names *t);

#endif
