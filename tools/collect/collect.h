/*
 * collect: what reviewers chose, in collected/, shared by all batches.
 *
 * choose.c goes through a batch's subjects and finds what is chosen of each, as decide.c has it; originals.c has the
 * originals of thumbnails; store.c keeps a subject's directory as that says, and report.c says what became of it.
 * credits.c writes the ATTRIBUTION documents; import.c takes decisions from files; export.c lays exports out and
 * pack.c writes them; verify.c reads them again.
 */
#ifndef BI_COLLECT_H
#define BI_COLLECT_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/hash.h"
#include "batch/batch.h"
#include "files/atomic_file.h"
#include "files/root.h"
#include "records/batch_args.h"
#include "review/attribution.h"
#include "review/picks.h"

enum {
	ID_MAX = BATCH_NAME_MAX + 1 + SUBJECT_MAX, /* of a directory in by_subject_id: BATCH_iN at most */
	FILE_MAX = HASH_HEX + 24,                  /* of a collected file's name */
};

enum export_format { EXPORT_BY_NAME, EXPORT_TAR, EXPORT_ZIP, EXPORT_WEBDATASET };

/* What was asked for. */
struct settings {
	bool all, strict, originals;
	const char *contact; /* for whoever is asked for originals; NULL: as bi-fetch finds it */
	bool json;           /* records go to stdout */
	const char **prefer; /* reviewers, or "newest"; ended by NULL */
	const char **picks;  /* files of decisions; ended by NULL */
	const char *output;  /* NULL: no export */
	enum export_format format;
	uint64_t shard_samples, shard_bytes; /* 0: no limit */
};

/* What a batch chose for a subject. */
struct kept {
	char *id;
	size_t choices; /* that are not in dispute */
};

struct collect {
	const struct settings *set;
	const struct root *root;
	int temp;      /* the root's temp/ */
	int collected; /* collected/ */
	int subjects;  /* collected/by_subject_id/ */
	bool no_clone; /* the file system shares no blocks */
	bool made;     /* directories were made since SUBJECTS was synced */
	uint64_t files, changed, removed, refused, failed;
	struct kept *kept; /* of the subjects that the batches chose for, a batch after the other */
	size_t kept_n;
	bool unread; /* something could not be read: what there is is not all that was chosen */
};

/* A code after CODE: a conflict counts more than what failed, and what could not be done most. */
int collect_worse(int code, int next);

/* Says that WHAT cannot be done, with errno, and returns the exit code of it. */
int collect_trouble(const char *what, const char *with);

/* --- choose.c --- */

/* Collects the batch NAME. Returns an exit code. */
int choose_batch(struct collect *c, const char *name);

/* --- originals.c --- */

/* The originals of a batch's candidates, in a batch of their own: NAME.originals. */
struct originals;

/* Whether ITEM was fetched as a smaller picture of something, its "original_url". */
bool originals_has(struct json_object *item);

/* Appends to LINES the item by which bi-fetch gets the original of ITEM, candidate IDX of BATCH: with its SHA-1 and
 * size, where they are known, and all that is known of author and licence. */
void originals_list(struct buf *lines, const char *batch, long idx, struct json_object *item);

/* Has bi-fetch get those of BATCH that LINES name. Returns an exit code: what could not be fetched is no failure yet.
 */
int originals_fetch(const struct collect *c, const char *batch, const struct buf *lines);

/* Opens those that are there into OUT, for originals_close(); NULL where there are none. 0, or -1 with errno. */
int originals_open(const struct collect *c, const char *batch, struct originals **out);
void originals_close(struct originals *o); /* NULL does nothing */

/* The batch they are in, and in it the completed original of ITEM, of subject ID: its number in K, or 0 and in WHY why
 * it is not there. 0, or -1 with errno. */
struct batch *originals_batch(struct originals *o);
int originals_find(struct originals *o, const char *id, struct json_object *item, uint32_t *k, char *why, size_t room);

/* --- decide.c --- */

/* What is decided of a subject. */
struct decision {
	enum { UNDECIDED, DECIDED, DISPUTED } kind;
	long choice;
	const char *preferred; /* whose decision it is, where they differ */
	struct picks_subject of;
};

/* What the decisions from number FIRST - 1 of P on, which are about one subject, come to; FIRST 0: there are none. */
void decide(const struct collect *c, const struct picks *p, uint32_t first, struct decision *d);

/* --- store.c --- */

/* What one batch wants of one subject. */
struct wanted {
	const char *batch;
	const char *id;              /* of the directory */
	struct json_object *choices; /* an array, each as in metadata.json; owned by who made this */
	/* Opens the file of choice number I, which has a "file", for reading; -1 with errno, ENOENT: it is gone. */
	int (*open)(void *arg, size_t i);
	void *arg;
	bool keep_all; /* nobody has decided anything: what --all took stays */
	bool disputed; /* reviewers differ: what is there stays, and is marked */
};

enum store_outcome {
	STORE_SAME,        /* it was there */
	STORE_NEW,         /* it is there now */
	STORE_GONE,        /* neither the batch nor the collection has its file */
	STORE_CHANGED_FILE /* the batch's file is not the one that was fetched */
};

/* What became of it. */
struct stored {
	size_t kept;                 /* choices of the batch that stand now */
	size_t exported;             /* of these, those that an export of the batch has: not in dispute */
	enum store_outcome *outcome; /* of each wanted choice */
	struct buf removed;          /* names of files that went, each with its NUL */
	bool changed;
	char conflict[512]; /* not empty: with what the batch is in conflict; nothing was done */
};

/* Makes the subject's directory so. 0, or -1 with errno. */
int store_update(struct collect *c, const struct wanted *w, struct stored *out);

/* Opens the directory of subject ID and locks it so; -1 with errno, ENOENT where there is none. */
int store_open(const struct collect *c, const char *id, bool create, bool alone);

/* The metadata in DIR, for json_object_put(). NULL with errno: ENOENT where there is none, EBADMSG where it is not as
 * we write it: each choice has a batch and a file named by its content. */
struct json_object *store_read(int dir);

/* Whether this errno of store_read() or store_open() tells of damage to one subject, or of something that has the place
 * of its files; others tell that it could not be looked at. */
bool store_is_damage(int error);

/* The choices of that; an empty array where it has none. Not to be freed. */
struct json_object *store_choices(struct json_object *metadata);

/* What metadata.json says of these choices (an array), into OUT. */
void store_print(const char *id, struct json_object *choices, struct buf *out);

/* --- credits.c --- */

/* ATTRIBUTION documents being written. */
struct credits {
	int temp;
	struct atomic_file parts[ATTRIBUTION_KINDS];
	struct hash *hashes[ATTRIBUTION_KINDS];
	struct buf text[ATTRIBUTION_KINDS]; /* not written yet */
	size_t n;
};

/* 0, or -1 with errno. */
int credits_begin(struct credits *k, int temp);
/* Adds the file FILE of a subject, called NAME in the document, by those of CHOICES that chose it. */
int credits_add(struct credits *k, const char *id, const char *file, const char *name, struct json_object *choices);
/* Ends the documents; their SHA-256 into HEX. */
int credits_end(struct credits *k, char hex[ATTRIBUTION_KINDS][HASH_HEX + 1]);
void credits_drop(struct credits *k);

/* Calls SEE for each file that CHOICES name, sorted, until it does not return 0. */
int credits_each_file(struct json_object *choices, int (*see)(const char *file, void *arg), void *arg);

/* Writes the documents of the whole collection anew where they are not as they should be. Returns an exit code. */
int credits_of_all(struct collect *c);

/* --- import.c --- */

/* Takes in the files of decisions. NAMES are the batches that were named; where there are none, it becomes those of the
 * files. Returns an exit code: unless it is EX_ALL_WELL no file was taken in. */
int import_picks(struct collect *c, struct batch_args *names);

/* --- export.c --- */

/* Whether the name of FILE and FORMAT go together; sets the format that is meant. Ends the program where not. */
void export_check(struct settings *set);

/* Exports what the batches NAMES chose. Returns an exit code. */
int export_all(struct collect *c, const struct batch_args *names);

/* --- verify.c --- */

/* Verifies each of FILES. Returns an exit code. */
int verify_files(char **files, bool json);

#endif
