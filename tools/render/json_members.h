/*
 * json_members: members of the JSON that jq reads.
 */
#ifndef BI_JSON_MEMBERS_H
#define BI_JSON_MEMBERS_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/* Whether V is a string, a number or a boolean. Such values go to jq as strings, because jq would round big numbers;
 * objects and arrays are left out. */
bool json_is_scalar(struct json_object *v);

/* Adds the scalar member KEY of FROM, else of OR (which may be NULL), to TO as a string. */
void json_copy_text(struct json_object *to, const char *key, struct json_object *from, struct json_object * or);

/* Adds the texts of the array KEY of FROM as one, with commas between. */
void json_add_joined(struct json_object *to, const char *key, struct json_object *from);

void json_add_count(struct json_object *to, const char *key, uint32_t n);

/* Adds the member KEY, true, if IS. */
void json_add_true(struct json_object *to, const char *key, bool is);

/* Appends O to OUT as a line, and frees O. */
void json_print_line(struct json_object *o, struct buf *out);

#endif
