/*
 * export_records: what the filter of an export reads (bi-exports(5)): a record for each chosen file.
 */
#ifndef BI_EXPORT_RECORDS_H
#define BI_EXPORT_RECORDS_H

#include <json-c/json.h>

#include "collect.h"

struct export_records;
struct section;

/* A chosen file. */
struct export_record {
	const char *id;              /* of its subject */
	const char *place;           /* of that in its tree (place.h) */
	const char *file;            /* its name in the collection */
	const char *name;            /* in the tree of an archive: "7/T 1.jpg" */
	const char *prefix;          /* of an archive: "collected/" */
	struct json_object *choices; /* of the subject */
	int dir;                     /* of the subject in the collection */
};

/* Begins the records, in an unnamed file in the directory TEMP. Returns NULL with errno. export_records_drop() frees
 * them. */
struct export_records *export_records_begin(int temp);

/* Adds a record. Where the filter asks for pictures, the file is measured, and named in a message if it is not one.
 * Returns 1, 0 for such a file, or -1 with errno. */
int export_records_add(struct export_records *r, const struct settings *set, const struct export_record *f);

/* Returns their text. */
struct section *export_records_text(struct export_records *r);
void export_records_drop(struct export_records *r); /* NULL is allowed */

#endif
