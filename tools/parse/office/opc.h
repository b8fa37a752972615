/*
 * opc: the parts of an Open Packaging package (ECMA-376 part 2), and which relations they have to each other. Names of
 * parts are free: a part is found by the relation that leads to it.
 */
#ifndef BI_PARSE_OPC_H
#define BI_PARSE_OPC_H

#include <stdbool.h>
#include <stddef.h>

#include "office/members.h"

enum { OPC_RELATIONS = 200000, OPC_TYPE = 200 };

struct opc_relation {
	char *id;
	char *type;   /* the last part of its type, which strict and transitional files share: "slide" */
	char *target; /* the name of a member; if EXTERNAL a URL */
	bool external;
};

struct opc_relations {
	struct opc_relation *v; /* by ID */
	size_t count;
};

/* Reads the relations of the member SOURCE; those of the package if it is "". There are none if they cannot be read.
 * For opc_free(). */
void opc_read(const struct members *m, const char *source, struct opc_relations *out);
void opc_free(struct opc_relations *r);

/* The relation with this id, NULL if there is none, or ID is NULL. */
const struct opc_relation *opc_find(const struct opc_relations *r, const char *id);

/* The part that the relation with this id leads to, NULL if there is none. */
const struct member_one *opc_part(const struct members *m, const struct opc_relations *r, const char *id);

/* The first part that a relation of this type leads to; *FROM is 0 at first, and continues behind it. NULL: there is no
 * further one. */
const struct member_one *opc_part_of_type(const struct members *m, const struct opc_relations *r, const char *type,
					  size_t *from);

/* The URL of the relation with this id if that leads to the web (http, https), or NULL. */
const char *opc_url(const struct opc_relations *r, const char *id);

/* Stores the content type of the package's main part in OUT, "" if it states none. The members [Content_Types].xml and
 * _rels/.rels are needed. */
void opc_main_type(const struct members *m, char out[OPC_TYPE]);

#endif
