/*
 * notebook: a notebook of the batch API: its jobs, its files, and the knowledge items in its knowledge base.
 *
 * Everything is in one file, notebooks/NB/log.ndjson (bi-batch(5)), which is appended under its flock; the last line
 * about a thing counts. A process that only adds (a hand-in, a worker) does not read the log. A process that answers
 * requests has the log open and keeps an index of it in memory: about 100 bytes a file.
 *
 * A file is identified by its bytes: items of any job of the notebook with the same bytes are the same file, which has
 * the data of the last one. Each item is a separate knowledge item.
 */
#ifndef BI_NOTEBOOK_H
#define BI_NOTEBOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "batch/batch.h"
#include "files/root.h"

enum { NOTEBOOK_FILE_ID = 34, NOTEBOOK_UPLOAD_ID_MAX = 128 };

/* --- names --- */

/* Stores the id of the file in the notebook NB whose bytes have this SHA-256, 64 lower-case hexadecimal digits: "f_",
 * the first 8 digits of the SHA-256 of NB, and the first 24 of that of NB, a NUL and SHA256. */
void notebook_file_id(const char *nb, const char *sha256, char out[NOTEBOOK_FILE_ID + 1]);

/* Returns whether ID has the form of a file id of the notebook NB. */
bool notebook_has_file_id(const char *nb, const char *id);

/* Returns NULL for a valid upload id of a client, else what is wrong with it. */
const char *notebook_upload_id_check(const char *id);

/* The names of all notebooks. They are kept in memory, and listed again when an id is not found. */
struct notebooks;
struct notebooks *notebooks_open(const struct root *root); /* ROOT must last as long */
void notebooks_close(struct notebooks *all);

/* Returns the next notebook that may have the file ID, valid until the next call; NULL with errno, ENOENT if there are
 * no more. *CURSOR is 0 before the first call. */
const char *notebook_of_file_id(struct notebooks *all, const char *id, size_t *cursor);

/* --- adding, without reading --- */

struct notebook_job {
	uint64_t id;
	const char *batch;
	const char *type; /* url_parse... */
	uint64_t items;
	const char *const *upload_ids; /* one for each item, if the client gave them; else NULL */
};

/* Adds a job to the notebook NB, makes NB if it is missing, and syncs both. The batch should be there already. Returns
 * 0, or -1 with errno. */
int notebook_add_job(const struct root *root, const char *nb, const struct notebook_job *job);

/*
 * Adds to the batch's notebook the completed items that it does not know yet; does nothing for a batch without a
 * notebook. Call it after items were recorded: it reads only new results. A power cut may lose what it adds; the next
 * call then adds it again. Calls at the same time, or for items that were added already, do no harm. Returns 0, or -1
 * with errno.
 */
int notebook_import_results(const struct root *root, const struct batch *b);

/* --- reading --- */

struct notebook;

/* Opens the notebook NAME. Returns NULL with errno on failure: ENOENT if there is none or NAME is invalid.
 * notebook_close() frees it. */
struct notebook *notebook_open(const struct root *root, const char *name);
void notebook_close(struct notebook *nb);
const char *notebook_name(const struct notebook *nb);

/* Reads what was added since. Returns 0, or -1 with errno: ESTALE if the notebook was replaced by another one, so that
 * it must be opened again. */
int notebook_refresh(struct notebook *nb);

/* Imports the results of batches that are still worked on or were not read yet, and refreshes. Returns 0, or -1 with
 * errno. */
int notebook_catch_up(const struct root *root, struct notebook *nb);

/* A job in the log. */
struct notebook_seen_job {
	uint64_t id, items;
	char batch[BATCH_NAME_MAX + 1];
};

/* notebook_jobs() returns how many jobs there are. notebook_job() stores job I, where 0 is the newest, and returns
 * false behind the last. notebook_find_job() returns false if there is no such job. */
size_t notebook_jobs(const struct notebook *nb);
bool notebook_job(const struct notebook *nb, size_t i, struct notebook_seen_job *out);
bool notebook_find_job(const struct notebook *nb, uint64_t id, struct notebook_seen_job *out);

/* An item that is a file of the notebook. */
struct notebook_file {
	uint32_t entry; /* its number within the notebook */
	char id[NOTEBOOK_FILE_ID + 1];
	uint64_t knowledge; /* its knowledge item; 0: it was not parsed */
	uint64_t job;
	char batch[BATCH_NAME_MAX + 1];
	uint32_t item;
	bool linked; /* it is in the knowledge base */
};

/* Stores the file ID in OUT: the last of its items. This function and those below return false if there is none. */
bool notebook_find_file(const struct notebook *nb, const char *id, struct notebook_file *out);

/* Stores the item that came before F and has the same bytes. */
bool notebook_find_same(const struct notebook *nb, const struct notebook_file *f, struct notebook_file *out);

/* Stores the item of a job that has the upload id ID, whether or not it is a file already. */
bool notebook_find_upload(const struct notebook *nb, const char *id, struct notebook_seen_job *job, uint32_t *item);

/* Stores the file of an item, or of a knowledge item. */
bool notebook_find_item(const struct notebook *nb, uint64_t job, uint32_t item, struct notebook_file *out);
bool notebook_find_knowledge(const struct notebook *nb, uint64_t knowledge, struct notebook_file *out);

/* A place in a list. Before the first call all members but SKIP must be zero. */
struct notebook_cursor {
	uint64_t skip; /* how many to skip */
	uint32_t at;
};

/* Returns how many files there are with the type MIME: "image/png"; "image", "image/" or "image/" and a star for all
 * that begin so; NULL for all. */
size_t notebook_files(const struct notebook *nb, const char *mime);
/* Stores the next of them, newest first. Returns false behind the last. */
bool notebook_next_file(const struct notebook *nb, const char *mime, struct notebook_cursor *c,
			struct notebook_file *out);

/* notebook_knowledge() returns how many files there are in the knowledge base, or with ALL how many have a knowledge
 * item, of the type MIME, as above. notebook_next_knowledge() stores the next of them, newest first, and returns false
 * behind the last. Each file is there once: with its newest item that is linked, or else with its newest. */
size_t notebook_knowledge(const struct notebook *nb, bool all, const char *mime);
bool notebook_next_knowledge(const struct notebook *nb, bool all, const char *mime, struct notebook_cursor *c,
			     struct notebook_file *out);

/* notebook_line() returns the log's line of a file as an object, which the caller frees with json_object_put(), or NULL
 * with errno if it cannot be read. notebook_notes() returns the line that linked it with notes, or NULL if there is
 * none too. */
struct json_object *notebook_line(const struct notebook *nb, const struct notebook_file *f);
struct json_object *notebook_notes(const struct notebook *nb, const struct notebook_file *f);

/* --- changing: each change is synced; they return 0, or -1 with errno --- */

/* Deletes the file of F, with all its items. F must be the newest of them that the caller knows. Returns 1 and deletes
 * nothing if a newer one has come meanwhile, which notebook_find_file() then finds. */
int notebook_delete(struct notebook *nb, const struct notebook_file *f);

/* notebook_link() puts the knowledge item into the knowledge base, with NOTES unless NULL. notebook_unlink() takes its
 * file out: that item, and all others that have the same bytes. */
int notebook_link(struct notebook *nb, uint64_t knowledge, const char *notes);
int notebook_unlink(struct notebook *nb, uint64_t knowledge);

#endif
