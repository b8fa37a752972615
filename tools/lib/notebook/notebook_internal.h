/*
 * notebook_internal: declarations that only the files of the notebook share.
 */
#ifndef BI_NOTEBOOK_INTERNAL_H
#define BI_NOTEBOOK_INTERNAL_H

#include "base/table.h"
#include "notebook/notebook.h"

enum { NOTEBOOK_NAME_DIGITS = 8, NOTEBOOK_DIGEST = 12, NOTEBOOK_MIME_MAX = 100 };

/* Stores the digits of a file id that identify its notebook. */
void notebook_name_digits(const char *nb, char out[NOTEBOOK_NAME_DIGITS + 1]);

/* Returns whether ID has the form of a file id. */
bool notebook_is_file_id(const char *id);

/* Opens notebooks/NAME/log.ndjson; with CREATE a missing one is made. Returns a descriptor, or -1 with errno: ENOENT if
 * there is none or NAME is invalid. */
int notebook_open_log(const struct root *root, const char *name, bool create);

/* Appends the member "at", the time now, to a JSON object. */
void notebook_add_now(struct buf *out);

/* Stores a note in a batch's directory: its results are imported up to TO, and the log's line at AT says so. */
void notebook_store_note(int batch_dir, off_t to, off_t at);

/* Loads that note. Returns false if there is no note, or if it cannot be right. */
bool notebook_load_note(int batch_dir, off_t *to, off_t *at);

/* Returns whether, by its note, the batch may have results that are not in the log. notebook_import_results() must have
 * run for it before. */
bool notebook_may_have_more(const struct root *root, const char *batch);

enum {
	NOTEBOOK_LIVE = 1,   /* not deleted, and its item is still this file */
	NOTEBOOK_NEWEST = 2, /* the newest live one of its file */
	NOTEBOOK_LINKED = 4,
};

/* A line of the log about an item that is a file. Numbers of entries, jobs and notes count from 1 where 0 means
 * none. */
struct notebook_entry {
	off_t at;
	uint64_t knowledge;
	unsigned char digest[NOTEBOOK_DIGEST]; /* the digits of the file id that identify the bytes */
	uint32_t job;                          /* from 0 */
	uint32_t item;
	uint32_t before; /* the previous entry with the same digest */
	uint32_t note;
	uint16_t mime;
	uint8_t flags;
};

struct notebook_known_job {
	uint64_t id, items;
	char *batch;      /* NULL: job-ID */
	uint32_t *places; /* item to entry */
	uint32_t room;
	bool looked; /* its results were read once */
	bool closed; /* all its results are in the log, and it was not in the queue then */
	bool queued;
};

struct notebook_given {
	uint64_t print; /* of the upload id */
	uint32_t job, item;
};

struct notebook_mime {
	char *name;
	size_t count; /* of files */
};

struct notebook {
	char name[BATCH_NAME_MAX + 1];
	char digits[NOTEBOOK_NAME_DIGITS + 1]; /* of its file ids */
	int log;
	off_t read_to;
	struct notebook_known_job *jobs;
	struct notebook_entry *entries;
	struct notebook_given *given;
	struct notebook_mime *mimes;
	off_t *notes;
	uint32_t jobs_n, entries_n, given_n, mimes_n, notes_n;
	uint32_t jobs_room, entries_room, given_room, notes_room;
	struct table by_digest, by_knowledge, by_job, by_given;
	size_t files;
};

/* These return a number from 1, or 0 if there is none: the newest entry of a file, the last entry of a knowledge item,
 * and the job with the id. SLOT, if given, is set to its place in the table. */
uint32_t notebook_entry_of_digest(const struct notebook *nb, const unsigned char *digest, struct table_slot **slot);
uint32_t notebook_entry_of_knowledge(const struct notebook *nb, uint64_t knowledge, struct table_slot **slot);
uint32_t notebook_known_job(const struct notebook *nb, uint64_t id);

/* Hashes for the tables' keys. */
uint32_t notebook_mix(uint64_t n);
uint64_t notebook_print_upload_id(const char *id);

/* Stores the bytes of a file id that identify the file's bytes. Returns DIGEST. */
const unsigned char *notebook_read_digest(const char *id, unsigned char digest[NOTEBOOK_DIGEST]);

#endif
