/*
 * event_record: records of events.
 */
#ifndef BI_EVENT_RECORD_H
#define BI_EVENT_RECORD_H

#include <json-c/json.h>
#include <stdint.h>

/* Returns a new record of EVENT. AT is when it happened (NULL: now); BATCH may be NULL. */
struct json_object *event_new(const char *event, const char *at, const char *batch);

/* Copies the MEMBERS (NULL-terminated) that FROM has. */
void event_copy(struct json_object *o, struct json_object *from, const char *const *members);

/* Prints a record, frees it, and adds 1 to COUNT. */
void event_print(struct json_object *o, uint64_t *count);

#endif
