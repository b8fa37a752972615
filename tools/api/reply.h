/*
 * reply: the answer to a request.
 */
#ifndef BI_REPLY_H
#define BI_REPLY_H

#include <json-c/json.h>
#include <stdbool.h>

#include "base/buf.h"
#include "http/scgi.h"

struct reply {
	int status;
	struct buf headers; /* lines ended by CRLF, beside those that reply_print() makes */
	struct buf body;
	const char *type; /* NULL: application/json */
	char own_type[104];
};

/* Makes it a list of ENTRIES, of which there are COUNT altogether: as "results", and as "data", where clients of the
 * existing front end look. There they are between OPEN and CLOSE: "[" and "]", or an object with such an array. */
void reply_list(struct reply *r, const struct scgi *s, size_t count, const struct buf *entries, const char *open,
		const char *close);

/* Makes it an error: {"success":false,"error":CODE,"detail":...}. Returns false. */
bool reply_error(struct reply *r, int status, const char *code, const char *detail, ...)
	__attribute__((format(printf, 4, 5)));

/* Adds members to the error that R is: ",\"name\":value". */
void reply_add(struct reply *r, const char *members, ...) __attribute__((format(printf, 2, 3)));

/* The body of a request as JSON. NULL after making R the error. */
struct json_object *reply_take_json(const struct scgi *s, struct reply *r);

/* Gives the whole answer R an ETag of what it says, and makes it a 304 where the request S has that already. */
void reply_tag(struct reply *r, const struct scgi *s);

/* Appends ,"KEY":VALUE of the member NAME to OUT if O has it. */
void reply_copy_member(struct buf *out, struct json_object *o, const char *name, const char *key);

/* Adds a header. */
void reply_header(struct reply *r, const char *name, const char *value);

/* The whole answer as SCGI has it, into OUT; without the body for HEAD. */
void reply_print(const struct reply *r, bool head, struct buf *out);
void reply_free(struct reply *r);

#endif
