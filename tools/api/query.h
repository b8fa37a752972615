/*
 * query: the parameters behind the question mark of a path.
 */
#ifndef BI_QUERY_H
#define BI_QUERY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "route.h"

/* Appends the N bytes AT, where % stands before two hexadecimal digits, and with PLUS + is a space; a NUL becomes one.
 */
void query_decode(const char *at, size_t n, bool plus, struct buf *out);

/* The parameter NAME, decoded, into OUT. False where it is not there. */
bool query_text(const struct request *q, const char *name, struct buf *out);

/* The number of the parameter NAME, OTHERWISE where it is not there, into OUT. False after making R the error of one
 * that is no number or above MOST. */
bool query_number(const struct request *q, const char *name, uint64_t otherwise, uint64_t most, uint64_t *out,
		  struct reply *r);

/* "limit" (OTHERWISE, QUERY_LIMIT_MAX at most) and "offset". */
bool query_page(const struct request *q, uint64_t otherwise, uint64_t *limit, uint64_t *offset, struct reply *r);

enum { QUERY_LIMIT = 50, QUERY_LIMIT_MAX = 10000 };

#endif
