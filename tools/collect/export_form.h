/*
 * export_form: what form an export has, by --output and --format.
 */
#ifndef BI_EXPORT_FORM_H
#define BI_EXPORT_FORM_H

#include "collect.h"
#include "review/pack.h"

/* Takes the value of --format. Ends the program if it is not a format. */
void export_format_set(struct settings *set, const char *word);

/* Checks that --output, --format and --name go together, and sets the format that is meant. Ends the program if they do
 * not. */
void export_check(struct settings *set);

/* Whether the export goes to standard output. */
bool export_is_stdout(const struct settings *set);

/* Whether the export is one document instead of an archive. */
bool export_is_document(const struct settings *set);

/* Whether it goes to a directory: the name ends in a slash. */
bool export_is_tree(const struct settings *set);

/* The kind of the archive. Returns NULL if name and format contradict each other, or if it is a document. */
const struct pack_kind *export_kind(const struct settings *set);

#endif
