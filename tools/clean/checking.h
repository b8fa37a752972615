/*
 * checking: one batch while bi-clean check verifies it: what is known of it, and what was found. check.c verifies its
 * records and states, check_files.c its files.
 */
#ifndef BI_CHECKING_H
#define BI_CHECKING_H

#include "base/table.h"
#include "batch/batch.h"
#include "batch/item_files.h"
#include "clean.h"

struct checking {
	const struct clean *c;
	struct batch *b;
	const char *name;
	bool mends;                /* problems are repaired */
	bool alone;                /* no other process works on it */
	bool held;                 /* another process works on it */
	uint64_t count;            /* items */
	char *states;              /* as items and results have it: p, c, f, x */
	struct item_stems removed; /* the removed items whose files were not kept */
	unsigned char *left;       /* a file of such an item exists */
	off_t *last;               /* where the last result of each item begins; -1: it has none */
	struct table files;        /* fingerprints of the names in files/ that results have, even old results */
	int orphans;               /* orphans/, -1 until a file is moved there */
	uint64_t found, mendable, mended;
	uint64_t moved, kept, kept_bytes; /* moved to orphans/, and all files there */
	uint64_t left_n;                  /* files that removed items have */
	uint64_t states_wrong;            /* and entries of the indexes */
	bool failed;                      /* something could not be read, which was reported */
	bool results_bad; /* a line of results.ndjson is damaged, so the name of its file is not known */
};

enum mending { MENDED, NOT_MENDED };

/* Prints what was found, under the short name CODE, and counts it. HOW is what --repair does about it; WHAT names a
 * remedy for what it cannot mend. */
void checking_found(struct checking *x, enum mending how, const char *code, const char *what, ...)
	__attribute__((format(printf, 4, 5)));

/* Prints that WHAT of the batch cannot be read, with the reason in errno, and sets FAILED. */
void checking_cannot_read(struct checking *x, const char *what);

/* --- check_files.c --- */

/* Notes that a result of item K has the file NAME in files/. */
void check_note_file(struct checking *x, const char *name, uint32_t k);

/* Compares the files of completed items with their results. */
void check_files(struct checking *x);

/* Finds files that no result names, and moves them to orphans/ where X mends; and files of removed items, which it
 * removes then. Not to be called while others work on the batch: a file may be about to be recorded, or removed. */
void check_orphans(struct checking *x);

/* Counts what is in orphans/, and prints how much it is if that has become more. */
void check_say_orphans(struct checking *x);

#endif
