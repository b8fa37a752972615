/*
 * local_facts: what a result says of a local file, against the file as it is now.
 */
#ifndef BI_LOCAL_FACTS_H
#define BI_LOCAL_FACTS_H

#include <json-c/json.h>
#include <stdbool.h>
#include <sys/stat.h>

/* Whether the file with the status ST has another size or time than RESULT says. */
bool local_file_differs(struct json_object *result, const struct stat *st);

#endif
