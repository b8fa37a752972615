/*
 * collect: what bi-collect was asked to do, and what its files share.
 *
 * collect_batch.c goes through a batch's subjects and finds what is chosen of each, as decide.c decides it; originals.c
 * has the originals of thumbnails; store.c keeps a subject's directory, at its place.c, up to date, and report.c says
 * what became of it. decisions.c keeps what all reviewers decided, for exports that have it. credits.c writes the
 * ATTRIBUTION documents, import.c imports files of decisions, export.c writes exports of the form of export_form.c with
 * the names of naming.c (export_internal.h). verify.c reads archives again. main.c runs these in turn.
 */
#ifndef BI_COLLECT_H
#define BI_COLLECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "files/root.h"
#include "files/scratch.h"
#include "place.h"

/* Those from EXPORT_JSON on are documents without the files. */
enum export_format {
	EXPORT_BY_NAME,
	EXPORT_TAR,
	EXPORT_ZIP,
	EXPORT_WEBDATASET,
	EXPORT_LAYOUT, /* an archive that a filter describes */
	EXPORT_JSON,
	EXPORT_MD,
	EXPORT_TEXT /* a document that a filter writes */
};

struct decisions;
struct export_filter;
struct same_pictures;

/* The options. */
struct settings {
	bool all, strict, originals;
	unsigned wanted;     /* with strict: what licences must allow, bits of licence_table.h */
	bool private;        /* collected/ stays as it is: the collection is a directory that is removed at the end */
	bool changed;        /* candidates whose file has changed since they were chosen too */
	const char *contact; /* for the servers that are asked for originals; NULL: as bi-fetch finds it */
	bool json;           /* records go to stdout */
	const char **prefer; /* reviewers, or "newest"; ended by NULL */
	const char **picks;  /* files of decisions; ended by NULL */
	const char *output;  /* NULL: no export */
	enum place_kind by;  /* where subjects are in the collection */
	const char **as;     /* OLD=NEW, ids of subjects; ended by NULL */
	const char *name;    /* the template of names in it; NULL: by content */
	enum export_format format;
	const struct export_filter *filter;  /* of EXPORT_LAYOUT and EXPORT_TEXT; NULL: none */
	uint64_t shard_samples, shard_bytes; /* 0: no limit */
};

/* A subject that a batch has choices of. */
struct kept {
	char *place;
	size_t choices; /* that are not in dispute */
};

struct collect {
	const struct settings *set;
	const struct root *root;
	int temp;                   /* the root's temp/ */
	int collected;              /* collected/, or with --private a directory in temp/ */
	char scratch[SCRATCH_NAME]; /* the name of that; "": none */
	int subjects;               /* the tree in collected/ that is written: by_subject_id/ */
	bool no_clone;              /* the file system shares no blocks */
	bool made;                  /* directories were made since SUBJECTS was synced */
	uint64_t files, changed, removed, refused, failed;
	struct kept *kept; /* what an export must have: one batch after the other */
	size_t kept_n;
	struct same_pictures *same;  /* of the batches that are collected */
	struct decisions *decisions; /* for an export of all decisions; NULL: none */
	uint64_t decided;            /* subjects that somebody decided on */
	bool unread;                 /* something could not be read: what is known is not all that was chosen */
};

#endif
