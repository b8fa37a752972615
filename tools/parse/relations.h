/*
 * relations: the parts of an Open Packaging package (ECMA-376 part 2), and which relations they have to each other.
 * Names of parts are free: a part is found by the relation that leads to it.
 */
#ifndef BI_PARSE_RELATIONS_H
#define BI_PARSE_RELATIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "members.h"

enum { RELATIONS_MAX = 200000, RELATIONS_TYPE = 200 };

struct relation {
	char *id;
	char *type;   /* the last part of its type, which strict and transitional files share: "slide" */
	char *target; /* the name of a member; if OUTSIDE, an address */
	bool outside;
};

struct relations {
	struct relation *v; /* in the order of the file */
	size_t count;
	uint32_t *by_id; /* their places */
};

/* Reads the relations of the member SOURCE; those of the package if it is "". There are none if they cannot be read.
 * For relations_free(). */
void relations_read(const struct members *m, const char *source, struct relations *out);
void relations_free(struct relations *r);

/* Whether the member NAME has relations. */
bool relations_wants(const char *name);

/* The target of the relation with this id, or of the first one of this type within the package: the name of a member,
 * or an address. NULL if there is none, or ID is NULL. */
const char *relations_target(const struct relations *r, const char *id);
const char *relations_of_type(const struct relations *r, const char *type);

/* Whether the target of the relation with this id is an address outside of the package. */
bool relations_is_outside(const struct relations *r, const char *id);

/* The part that the relation with this id leads to, NULL if there is none. */
const struct member_one *relations_part(const struct members *m, const struct relations *r, const char *id);

/* The first part that a relation of this type leads to; *FROM is 0 at first, and continues behind it. NULL: there is no
 * further one. */
const struct member_one *relations_next_part(const struct members *m, const struct relations *r, const char *type,
					     size_t *from);

/* The target of the relation with this id if that is on the web (http, https), or NULL. */
const char *relations_url(const struct relations *r, const char *id);

/* Stores the content type of the package's main part in OUT, "" if it states none. The members [Content_Types].xml and
 * _rels/.rels are needed. */
void relations_main_type(const struct members *m, char out[RELATIONS_TYPE]);

#endif
