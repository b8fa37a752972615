/*
 * form: the parts of an upload, which go to the disk as they come.
 */
#ifndef BI_FORM_H
#define BI_FORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "submission.h"

/* Begins to take an upload of LENGTH bytes whose Content-Type is TYPE. False after making the reply the error. */
bool form_begin(struct submission *h, const char *type, uint64_t length);

/* Takes more of it. False after making the reply the error. */
bool form_take(struct submission *h, const char *bytes, size_t n);

/* It is whole. False after making the reply the error. */
bool form_end(struct submission *h);

#endif
