/*
 * credit_internal: what credit_fields.c, credit_licences.c and credit.c share.
 */
#ifndef BI_CREDIT_INTERNAL_H
#define BI_CREDIT_INTERNAL_H

#include "review/credit.h"

/* --- credit_fields.c --- */

/* Returns the member KEY of ITEM, or else the FIELD of Commons, in English if it has several languages; NULL if it has
 * neither. */
struct json_object *credit_value(struct json_object *item, const char *key, const char *field);

/* Returns a value as text; NULL if it is not text. */
const char *credit_value_text(struct json_object *v);

/* Returns true or false, or OTHERWISE if neither is given: Commons has strings for them. */
bool credit_is_true(struct json_object *v, bool otherwise);

/* Adds NOTE, followed by WHAT without its HTML unless that is NULL. */
void credit_add_note(struct json_object *notes, const char *note, const char *what);

/* Stores in OUT the URL in a form that is safe to link to: http or https, without characters that a URL cannot have.
 * Returns false if it is not such a URL. */
bool credit_add_url(struct buf *out, const char *url);

/* --- credit_licences.c --- */

struct licensing {
	struct json_object *all, *notes;
};

/* Adds the licences of ITEM: by their names, or else by the other names that Commons has for them. */
void credit_find_licences(struct licensing *g, struct json_object *item);

/* Returns the terms of a licence of a credit; LICENCE_UNKNOWN if nothing is known of them. */
unsigned credit_terms(struct json_object *licence);

#endif
