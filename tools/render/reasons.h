/*
 * reasons: the file of --reasons.
 */
#ifndef BI_REASONS_H
#define BI_REASONS_H

#include <json-c/json.h>

/* Returns the lines of FILE as an array of texts, without empty lines, for json_object_put(). Ends the program with a
 * message if the file cannot be read or is no list of reasons. */
struct json_object *reasons_read(const char *file);

#endif
