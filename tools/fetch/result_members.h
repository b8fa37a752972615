/*
 * result_members: the members of a record that bi-fetch itself writes (bi-records(5)), and that others may not give.
 */
#ifndef BI_RESULT_MEMBERS_H
#define BI_RESULT_MEMBERS_H

#include <json-c/json.h>

/* Removes from ITEM, a record of a list, what an earlier run or the store wrote into it. A member such as "bytes" or
 * "mime", which a list may say of its items, is removed only if ITEM is a result. */
void result_members_remove(struct json_object *item);

/* Sets in RESULT the members of ANSWER, the word of a filter, except for those that the store says of an item or knows
 * it by. */
void result_members_copy_others(struct json_object *result, struct json_object *answer);

#endif
