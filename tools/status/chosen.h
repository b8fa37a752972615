/*
 * chosen: the batches that the options and operands choose, in one root or in several.
 */
#ifndef BI_CHOSEN_H
#define BI_CHOSEN_H

#include <stddef.h>

#include "files/root.h"
#include "records/batch_args.h"

/* In the order of the options, without any root twice. */
struct chosen {
	struct chosen_root {
		struct root root;
		struct batch_args names;
	} * v;
	size_t n;
};

/* Opens the directories DIRS, NULL-terminated, or the usual root if there is none. A failure ends the program. */
struct chosen chosen_open(const char *const *dirs);

/* Chooses the batches that the operands name, or all batches. With several roots an operand stands for the batches of
 * any of them; one that no root has ends the program with EX_NOINPUT. With one root, so does a pattern without matches.
 */
void chosen_find(struct chosen *c, char *const *operands);

/* Returns the root with index I as snapshot_set_name() wants it: NULL if it is the only one. */
const struct root *chosen_several(const struct chosen *c, size_t i);

/* Frees the names. The roots stay open until the program ends. */
void chosen_free(struct chosen *c);

#endif
