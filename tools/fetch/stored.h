/*
 * stored: items that have a result are said: their records are printed and counted, and what they brought with them is
 * wanted.
 */
#ifndef BI_STORED_H
#define BI_STORED_H

#include "dispatch.h"

/* Says the result in the N bytes LINE, with the members EXTRA (NULL: none) for this run alone. NOW: this run made it.
 */
void stored_say_result(struct dispatch *d, const struct target *t, const char *line, size_t n, bool now,
		       struct json_object *extra);

/* Says the result LINE of an item, which was stored before, and what it brought with it is wanted. If it does not fit
 * the options of this run, that is said too, or the item fails. EXTRA, which may be NULL, is freed. */
void stored_say(struct dispatch *d, struct target *t, uint32_t item, const struct buf *line, struct json_object *extra);

/* Empties D->stored: says the results of its items. */
void stored_say_all(struct dispatch *d);

#endif
