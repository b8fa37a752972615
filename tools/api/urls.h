/*
 * urls: the URLs of a request.
 */
#ifndef BI_URLS_H
#define BI_URLS_H

#include <stdbool.h>

#include "submission.h"

/* Takes the items out of the request S, whose body is whole. False after making the reply the error. */
bool urls_take(struct submission *h, const struct scgi *s);

#endif
