/*
 * status_document: every batch's state as one document.
 */
#ifndef BI_STATUS_DOCUMENT_H
#define BI_STATUS_DOCUMENT_H

#include <stdbool.h>

#include "base/buf.h"
#include "files/root.h"

struct status_document;

struct status_document *status_document_new(const struct root *root);

/* Looks at the batches: at all, or at those that were touched, or whose rates are not 0 yet. 0, or -1 with errno. */
int status_document_update(struct status_document *s, bool all);

/* The batch NAME is to be looked at. */
void status_document_touch(struct status_document *s, const char *name);

/* Whether a rate is not 0, so that the document will change by itself. */
bool status_document_moves(const struct status_document *s);

/* The document as of the last look, one line without newline. */
const struct buf *status_document_text(const struct status_document *s);

/* Calls SEE for each batch known. */
void status_document_each(const struct status_document *s, void (*see)(const char *name, void *arg), void *arg);

#endif
