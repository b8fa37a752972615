/*
 * item_ask: what a record of a list asks for, as an item of a batch.
 */
#ifndef BI_ITEM_ASK_H
#define BI_ITEM_ASK_H

#include "batch/batch.h"
#include "records/rec.h"
#include "settings.h"

/* The batch of records that name none. With --public-only all lines without a batch of the option go to this one. */
extern const char item_usual_batch[];

/*
 * Makes ASK of the record REC. OWN is the batch that it names, if it may choose one; NULL: it names none. BATCH_PUBLIC:
 * its batch is fetched from public addresses alone. A record that cannot be an item becomes one of the kind "bad",
 * whose text has the members code and wrong. item_ask_free() frees what is in ASK.
 */
void item_ask(struct batch_ask *ask, const struct settings *set, const struct rec *rec, const char *own,
	      bool batch_public);

/* Makes ASK find the item that says that SOURCE has nothing for SUBJECT. Both stay the caller's; ASK is not freed. */
void item_ask_failure(struct batch_ask *ask, const char *source, const char *subject);
void item_ask_free(struct batch_ask *ask);

#endif
