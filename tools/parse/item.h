/*
 * item: one record or file on its way through bi-parse.
 */
#ifndef BI_PARSE_ITEM_H
#define BI_PARSE_ITEM_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"
#include "confined/type.h"
#include "content_store.h"
#include "ocr.h"
#include "pool.h"
#include "records/rec.h"

struct item {
	struct item *next;
	struct json_object *record; /* what came in, and goes out with more members */
	const char *path;           /* of the file; in the record */
	const char *batch;          /* NULL: it is of none; in the record */
	uint32_t number;            /* of the batch's item */
	bool spoken;   /* it was a name, and no record, or --text shows no records: its failure is said on stderr too */
	int64_t bytes; /* that its hash was taken of */
	bool asked;    /* its type was asked of bi-type */
	char mime[TYPE_MIME], sha256[HASH_HEX + 1];
	struct buf request;
	struct work work;
	bool settled; /* there is nothing more to do but to say it */
	bool failed;
	struct buf text;     /* that --text says */
	struct buf notice;   /* what is not in it, for stderr behind the text */
	bool no_mail;        /* its name or type is that of a mail, but it is none */
	bool no_flat;        /* it is no flat OpenDocument */
	const char *package; /* NULL, or the package of a better reader of such files; constant */
	struct ocr *ocr;     /* NULL, or the pages of the document that are read as pictures, one after the other */
	int file;            /* then the descriptor of the file, and work.in is that of a page */
};

/* What all items are done with. */
struct parser {
	struct pool *pool;
	struct content_store *store;
	struct typer *typer;
	const char *base; /* the address of the pages whose records have none; NULL: not known */
	const char *ocr;  /* the languages of OCR; NULL: none is wanted */
	unsigned seconds; /* the time for one document */
	bool as_text;     /* the text alone is wanted of what is in no batch */
	unsigned long long parsed, failed;
};

/* The item of a record or a name (not REC_MORE, not REC_EOF), on its way to a process, or settled. For item_free(). */
struct item *item_begin(struct parser *s, const struct rec *r);

/* Goes on with an item whose work is ended: asks again as what it is, or settles it. */
void item_go_on(struct parser *s, struct item *i);

void item_free(struct item *i);

#endif
