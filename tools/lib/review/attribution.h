/*
 * attribution: credits (credit.h) of many files as a document: Markdown for people, CSV for spreadsheets, JSON for
 * programs.
 *
 * Whatever is in a credit, it stays what it is: Markdown has nothing but text and http links of it, a spreadsheet takes
 * no cell for a formula, and JSON is JSON.
 */
#ifndef BI_ATTRIBUTION_H
#define BI_ATTRIBUTION_H

#include "base/buf.h"

struct json_object;

enum attribution_kind { ATTRIBUTION_CSV, ATTRIBUTION_JSON, ATTRIBUTION_MD, ATTRIBUTION_KINDS };

/* What the document is called: "ATTRIBUTION.csv". */
extern const char *const attribution_name[ATTRIBUTION_KINDS];

/* One file. Strings are UTF-8, and those without a comment may not be NULL. */
struct attribution {
	const char *subject; /* its subject's id */
	const char *name;    /* and name; NULL: none */
	const char *file;    /* its name below where the document is, of characters that need no escaping */
	const char *label;   /* what to call it where its credit has no title: text for people */
	const char *sha256;
	struct json_object *credit;  /* of credit_of() */
	struct json_object *batches; /* an array of their names */
};

/* What stands before the first file; of the N-th, counting from 0; and behind the last of N. Each is appended to OUT.
 */
void attribution_head(enum attribution_kind kind, struct buf *out);
void attribution_add(enum attribution_kind kind, struct buf *out, const struct attribution *a, size_t n);
void attribution_tail(enum attribution_kind kind, struct buf *out, size_t n);

/* Appends a cell of CSV (RFC 4180): quoted, and with ' before what a spreadsheet would take for a formula. */
void attribution_cell(struct buf *out, const char *text);

/* Appends TEXT so that Markdown (CommonMark, GitHub's) has nothing in it but text. */
void attribution_escape(struct buf *out, const char *text);

#endif
