/*
 * relations: which part of a package (OPC, ECMA-376 part 2: DOCX, XLSX, PPTX) a relationship leads to.
 */
#ifndef BI_PARSE_RELATIONS_H
#define BI_PARSE_RELATIONS_H

#include <json-c/json.h>
#include <stdbool.h>

#include "members.h"

struct relations {
	struct json_object *targets; /* id: the name of a member, or an address */
	struct json_object *types;   /* the last part of the type, such as "footnotes": the first target of that type */
	struct json_object *outside; /* id: true if the target is an address outside of the package */
};

/* Reads the relationships of the part SOURCE, "" for those of the package. A part without any has none. The caller
 * calls relations_free(). */
void relations_read(const struct members *m, const char *source, struct relations *r);
void relations_free(struct relations *r);

/* The target of the relationship ID, or of the first one of the type that ends in /TYPE: the name of a member, without
 * a slash in front, or an address. NULL if there is none, or ID is NULL. */
const char *relations_target(const struct relations *r, const char *id);
const char *relations_of_type(const struct relations *r, const char *type);

/* Whether the target of ID is an address outside of the package. */
bool relations_is_outside(const struct relations *r, const char *id);

/* Whether NAME is a file with relationships. */
bool relations_wants(const char *name);

#endif
