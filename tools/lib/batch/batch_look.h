/*
 * batch_look: tells which items of a list a batch has already, without adding any and without writing.
 */
#ifndef BI_BATCH_LOOK_H
#define BI_BATCH_LOOK_H

#include "batch/batch.h"

struct batch_look;

/* Reads the identities of the items of B, which may be open in any mode; NULL stands for a batch that does not exist.
 * An item takes about 24 bytes of memory. Returns NULL with errno on failure. batch_look_close() frees it; B remains
 * the caller's. */
struct batch_look *batch_look_open(struct batch *b);
void batch_look_close(struct batch_look *l);

enum batch_looked {
	LOOK_ERROR, /* errno says why */
	LOOK_NEW,   /* the batch does not have the item */
	LOOK_AGAIN, /* the item was looked up before */
	LOOK_THERE, /* the batch has it: the ask's item and state are set */
};

/* Looks up the item that ASK would be. */
enum batch_looked batch_look(struct batch_look *l, struct batch_ask *ask);

#endif
