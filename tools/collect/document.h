/*
 * document: an export that is the metadata or the credits of the chosen files, without the files.
 */
#ifndef BI_DOCUMENT_H
#define BI_DOCUMENT_H

#include <json-c/json.h>

#include "collect.h"
#include "naming.h"

struct document;

/* A chosen file. */
struct document_file {
	const char *id;              /* of its subject */
	const char *file;            /* its name in the collection */
	const char *path;            /* in an archive of the same choices */
	struct json_object *choices; /* of the subject */
};

/* Begins a document of the format that SETTINGS have; its parts are unnamed files in the directory TEMP. Returns NULL
 * with errno. document_drop() frees it. */
struct document *document_begin(const struct settings *set, int temp);

/* Adds one file, or a subject after its files. Return 0, or -1 with errno. */
int document_add_file(struct document *d, const struct document_file *f);
int document_add_subject(struct document *d, const struct naming *n, const char *id, struct json_object *choices);

/* Writes the whole document to OUT. Returns its length, or -1 with errno. */
long long document_end(struct document *d, int out);
void document_drop(struct document *d); /* NULL is allowed */

#endif
