/*
 * table_head: the first row of a table, by which its other rows become JSON objects.
 */
#ifndef BI_TABLE_HEAD_H
#define BI_TABLE_HEAD_H

#include <json-c/json.h>
#include <stdbool.h>

#include "records/table_input.h"

/* Zeroed: no row was taken. table_head_free() frees it. */
struct table_head {
	char **names; /* of the columns: in lower case (ASCII), without blanks around them; NULL: no row was taken */
	size_t count;
};

/* Makes HEAD of the first row. */
void table_head_take(struct table_head *head, const struct table_row *row);

/* Returns whether there is a column of this name, which is in lower case. */
bool table_head_has(const struct table_head *head, const char *name);

/*
 * Returns a further row as an object of strings, for json_object_put(). A cell that is empty, or whose column has no
 * name, is left out. Returns NULL with the reason in WRONG (ROOM bytes), which continues "line 7 ", if the row has more
 * cells than the head or is not UTF-8; NULL with WRONG empty if all its cells are empty.
 */
struct json_object *table_head_object(const struct table_head *head, const struct table_row *row, char *wrong,
				      size_t room);

void table_head_free(struct table_head *head);

#endif
