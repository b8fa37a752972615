/*
 * status_document: the status of every batch, as one document, or as documents of what changed.
 *
 * Each change of a batch has a number, the version, and the changes are kept in their order, for each batch only the
 * last. So what a client does not know yet is all after the version that it has, from the first batch to the last
 * change, however slowly it reads.
 */
#ifndef BI_STATUS_DOCUMENT_H
#define BI_STATUS_DOCUMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "batch_status.h"
#include "files/root.h"

struct status_document;

/* What a client has. */
struct status_place {
	uint64_t version; /* it knows the changes up to this one; 0: none */
	uint64_t begun;   /* the last change when it began to get all batches: it has none that was removed before */
};

struct status_document *status_document_new(const struct root *root);

/* Updates the list of batches from batches/. New ones have no text yet. Returns 0, or -1 with errno; the list is then
 * as it was. GONE is called with each batch that is removed from the list, before it is freed. */
int status_document_list(struct status_document *s, void (*gone)(struct batch_status *v, void *arg), void *arg);

/* The number of batches, the one at place I in the order of names, and the one of a name, or NULL. */
size_t status_document_count(const struct status_document *s);
struct batch_status *status_document_get(const struct status_document *s, size_t i);
struct batch_status *status_document_find(const struct status_document *s, const char *name);

/* The text of the batch V changed. */
void status_document_add(struct status_document *s, struct batch_status *v);

/* Removes V from the list, and frees it. */
void status_document_remove(struct status_document *s, struct batch_status *v);

/* The version of the last change, at least 1. */
uint64_t status_document_version(const struct status_document *s);

/* Appends the whole document to OUT, one line without newline. */
void status_document_print(const struct status_document *s, struct buf *out);

/* Appends the id of a place. */
void status_document_print_id(const struct status_document *s, struct status_place at, struct buf *out);

/* Returns the place of an id; that of a client that has nothing, if the id has another form, or another process printed
 * it. */
struct status_place status_document_parse_id(const struct status_document *s, const char *id);

/* Appends a document of the changes after AT, of about MOST bytes or, with 0, of all of them. Moves AT on to the last
 * of them. A client that has nothing, or that may have batches whose removal is no longer known, gets all batches anew.
 */
void status_document_print_changes(const struct status_document *s, struct status_place *at, size_t most,
				   struct buf *out);

#endif
