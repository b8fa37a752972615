/*
 * office_comments: comments on sheets and slides, of the old kinds and of those that are threads.
 */
#ifndef BI_PARSE_OFFICE_COMMENTS_H
#define BI_PARSE_OFFICE_COMMENTS_H

#include <json-c/json.h>

#include "office/opc.h"

/* Adds the names of the authors that PART lists to NAMES, by their ids; it may be NULL. */
void office_authors_read(const struct member_one *part, struct json_object *names);

/*
 * Writes the comments of all parts that RELS has as a list, with the names of their authors in NAMES and the cells that
 * they are about, under the heading "Comments" of LEVEL.
 */
void office_comments_put(const struct members *m, const struct opc_relations *rels, struct json_object *names,
			 unsigned level, struct doc *d);

#endif
