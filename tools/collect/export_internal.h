/*
 * export_internal: what the files of exports share: export_target.c knows where an export goes, export_archive.c writes
 * its archives and documents, export_subject.c reads a subject of the collection, and export.c goes through all of
 * them. With a filter, export_records.c writes what it reads, export_filter.c runs it, and export_layout.c writes the
 * archive that it describes.
 */
#ifndef BI_EXPORT_INTERNAL_H
#define BI_EXPORT_INTERNAL_H

#include <json-c/json.h>

#include "batch/batch.h"
#include "collect.h"
#include "credits.h"
#include "document.h"
#include "files/atomic_file.h"
#include "naming.h"
#include "records/batch_args.h"
#include "review/pack.h"

struct export_records;

/* An export that is being written: one archive, or several in sequence. */
struct export
{
	struct collect *c;
	const struct batch_args *names;
	const struct pack_kind *kind; /* NULL: a document */
	bool shards;
	int dir;    /* the directory; -1: standard output */
	char *path; /* of that directory, absolute */
	char *base; /* the name there, without suffix */
	char *suffix;
	struct buf sums;     /* the digests of the archives, for the list beside them */
	struct buf contents; /* what was to be exported: lines with an id, a tab, and the number of choices */
	/* The current archive. */
	struct atomic_file part;
	struct buf tree; /* the path of the directory that is written in its place; empty: none */
	struct pack *pack;
	struct credits credits;
	struct document *document;      /* instead of an archive; NULL: none */
	struct export_records *records; /* for the filter; NULL: none */
	uint64_t samples, bytes, files;
	unsigned number;
	struct naming naming;
	/* The current subject. */
	const char *id, *place;
	struct buf folder; /* its directory */
	int subject;       /* -1: none */
	struct json_object *metadata, *choices;
};

/* --- export_target.c --- */

/* Splits the name of the export, opens its directory, and checks that the export may be written there. Returns an exit
 * code, after a message unless it is 0. */
int export_target_open(struct export *x);

/* Set OUT to the name of archive NUMBER, and to that of the list of digests beside it. */
void export_target_archive_name(const struct export *x, struct buf *out, unsigned number);
void export_target_digests_name(const struct export *x, struct buf *out);

/* Makes the directory that export_archive.c writes, beside the one that it becomes. Returns 0, or -1 with errno. */
int export_target_make_tree(struct export *x);

/* Syncs it and gives it its name. Returns 0, or -1 with errno. */
int export_target_publish_tree(struct export *x);

/* Removes it, if there is one. */
void export_target_drop_tree(struct export *x);

/* --- export_archive.c --- */

/* Reports with errno that WHAT is wrong with the export. Returns an exit code. */
int export_report(const struct export *x, const char *what);

/* Returns the directory of all members, with a slash. */
const char *export_prefix(const struct export *x);

/* Begins and ends an archive or a document. Return an exit code. */
int export_begin(struct export *x);
int export_end(struct export *x);
int export_end_document(struct export *x);

/* Ends the document whose text is the file FD. Returns an exit code. */
int export_publish_text(struct export *x, int fd);

/* Adds FILE of the current subject as the member NAME, which the credits call CREDITED. Returns an exit code. */
int export_add_file(struct export *x, const char *file, const char *name, const char *credited);

/* --- export_subject.c --- */

/* Opens the subject at PLACE, and sets the members of the current subject. Returns an exit code. */
int export_subject_open(struct export *x, const char *place);

/* Reports that files of the subject at PLACE that were just collected are missing. Returns an exit code. */
int export_subject_report_changed(const struct export *x, const char *place);

/* Closes the current subject, if there is one. */
void export_subject_close(struct export *x);

#endif
