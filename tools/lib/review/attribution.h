/*
 * attribution: writes the credits (credit.h) of many files as a document: Markdown for people, CSV for spreadsheets,
 * JSON for programs.
 *
 * Any text in a credit stays text: Markdown has only text and http links from it, a spreadsheet takes no cell for a
 * formula, and the JSON is valid.
 */
#ifndef BI_ATTRIBUTION_H
#define BI_ATTRIBUTION_H

#include "base/buf.h"

struct json_object;

enum attribution_kind { ATTRIBUTION_CSV, ATTRIBUTION_JSON, ATTRIBUTION_MD, ATTRIBUTION_KINDS };

/* The file names of the documents: "ATTRIBUTION.csv". */
extern const char *const attribution_name[ATTRIBUTION_KINDS];

/* One file. Strings are UTF-8 and must not be NULL unless a comment says so. */
struct attribution {
	const char *subject; /* its subject's id */
	const char *name;    /* its subject's name; NULL: none */
	const char *file;    /* its path from the document's directory, with characters that need no escaping */
	const char *label;   /* its title for people if its credit has none */
	const char *sha256;
	struct json_object *credit;  /* from credit_of() */
	struct json_object *batches; /* an array of batch names */
};

/* Each appends a part of the document to OUT: the text before the first file; file number N, from 0; the text behind
 * the last of N files. */
void attribution_head(enum attribution_kind kind, struct buf *out);
void attribution_add(enum attribution_kind kind, struct buf *out, const struct attribution *a, size_t n);
void attribution_tail(enum attribution_kind kind, struct buf *out, size_t n);

/* Appends a cell of CSV (RFC 4180): quoted, and with ' before a text that a spreadsheet would take for a formula. */
void attribution_cell(struct buf *out, const char *text);

/* Appends TEXT so that Markdown (CommonMark, GitHub's) shows it as plain text. */
void attribution_escape(struct buf *out, const char *text);

#endif
