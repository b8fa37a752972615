/*
 * notebook_internal: what the notebook's own files share. Nobody else includes this.
 */
#ifndef BI_NOTEBOOK_INTERNAL_H
#define BI_NOTEBOOK_INTERNAL_H

#include "base/table.h"
#include "notebook/notebook.h"

enum { NOTEBOOK_NAME_DIGITS = 8, NOTEBOOK_DIGEST = 12, NOTEBOOK_MIME_MAX = 100 };

/* The digits of a file id that say which notebook it is of. */
void notebook_name_digits(const char *nb, char out[NOTEBOOK_NAME_DIGITS + 1]);

/* Whether ID looks like a file id. */
bool notebook_is_file_id(const char *id);

/* Opens notebooks/NAME/log.ndjson, with CREATE made where missing. -1 with errno: ENOENT where there is none, or NAME
 * is no name. */
int notebook_open_log(const struct root *root, const char *name, bool create);

/* Appends "at", the time now, as a member after others. */
void notebook_add_now(struct buf *out);

/* Notes in a batch's directory that its results are taken up to TO, and that the log's line at AT says so. */
void notebook_store_note(int batch_dir, off_t to, off_t at);

/* Reads that note. Returns false if there is no note, or if it cannot be right. */
bool notebook_load_note(int batch_dir, off_t *to, off_t *at);

/* Whether its note lets think that the batch has results that are not in the log: for one that
 * notebook_import_results() has looked at before. */
bool notebook_may_have_more(const struct root *root, const char *batch);

enum {
	NOTEBOOK_LIVE = 1,   /* not deleted, and its item is no other file by now */
	NOTEBOOK_NEWEST = 2, /* of the live ones of its file */
	NOTEBOOK_LINKED = 4,
};

/* A line of the log that says that an item is a file. Numbers of entries, jobs and notes count from 1 where 0 is none.
 */
struct notebook_entry {
	off_t at;
	uint64_t knowledge;
	unsigned char digest[NOTEBOOK_DIGEST]; /* of the file id, what the notebook's name does not say */
	uint32_t job;                          /* from 0 */
	uint32_t item;
	uint32_t before; /* the one before it with the same digest */
	uint32_t note;
	uint16_t mime;
	uint8_t flags;
};

struct notebook_known_job {
	uint64_t id, items;
	char *batch;      /* NULL: job-ID */
	uint32_t *places; /* item to entry */
	uint32_t room;
	bool looked; /* at its results, once */
	bool closed; /* what it has is in the log, and it was not in the queue then */
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
	size_t files, knowledge, linked;
};

/* The newest entry of a file, the last that had a knowledge item, the job of that id: numbers from 1, 0 for none. SLOT,
 * if given, is its place in the table. */
uint32_t notebook_entry_of_digest(const struct notebook *nb, const unsigned char *digest, struct table_slot **slot);
uint32_t notebook_entry_of_knowledge(const struct notebook *nb, uint64_t knowledge, struct table_slot **slot);
uint32_t notebook_known_job(const struct notebook *nb, uint64_t id);

/* What tables know things by. */
uint32_t notebook_mix(uint64_t n);
uint64_t notebook_print_upload_id(const char *id);

/* The bytes of a file id that the notebook's name does not say. Returns DIGEST. */
const unsigned char *notebook_read_digest(const char *id, unsigned char digest[NOTEBOOK_DIGEST]);

#endif
