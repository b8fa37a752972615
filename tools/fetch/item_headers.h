/*
 * item_headers: the headers that an item's record gives for its request.
 */
#ifndef BI_ITEM_HEADERS_H
#define BI_ITEM_HEADERS_H

#include <json-c/json.h>

#include "base/buf.h"

/*
 * Takes the members "headers" and "cookies" off ITEM and appends them to LINES as secrets.h has them. "headers" is an
 * object of names and values or an array of lines "NAME: VALUE"; "cookies" is an object, or a string "NAME=VALUE; ...".
 * ITEM then has "headers":true. Returns NULL, or what is wrong with them, made in WHY. A wrong ITEM has lost them, too.
 */
const char *item_headers_take(struct json_object *item, struct buf *lines, char *why, size_t room);

/* Returns NULL if LINE, "NAME: VALUE", can be sent as a header (RFC 9110, 5.1 and 5.5), else what is wrong with it. */
const char *item_headers_check(const char *line);

#endif
