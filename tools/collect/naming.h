/*
 * naming: the names of directories and files in an export: by id and content or, with --name, by a template.
 */
#ifndef BI_NAMING_H
#define BI_NAMING_H

#include <json-c/json.h>
#include <stdbool.h>

#include "names.h"

struct naming {
	const char *template; /* NULL: by content */
	bool samples;         /* a webdataset: all names are in one directory, and a key ends at the first dot */
	struct names taken;   /* directories or samples, of the whole export; for names_free() */
};

/* Sets FOLDER to the directory of the subject at PLACE (place.h), and gives each file of its CHOICES a name, which is
 * noted in them until naming_metadata() leaves it out. To be called once for each subject. */
void naming_begin(struct naming *n, const char *place, struct json_object *choices, struct buf *folder);

/* Appends to OUT the name of FILE, which CHOICES have: in its directory, or that of a sample without its extension. */
void naming_file(const struct naming *n, const char *place, struct json_object *choices, const char *file,
		 struct buf *out);

/* Appends to OUT the extension of a sample's file, whose metadata has .json. */
void naming_extension(const char *file, struct buf *out);

/* Appends to OUT the text of the metadata.json of CHOICES, by the names that the files have in the export. */
void naming_metadata(const struct naming *n, const char *id, struct json_object *choices, struct buf *out);

#endif
