/*
 * notebook: what a notebook of the batch API has: its jobs, its files, and the knowledge items in its knowledge base.
 *
 * All of it is in one file, notebooks/NB/log.ndjson (bi-batch(5)): appended under its flock, the last word counts. Who
 * only adds to it (a hand-in, a worker) reads none of it. Who answers for it has it open, and in memory what finds a
 * line of it again: some 100 bytes a file.
 *
 * A file is known by its bytes: an item of any job of the notebook whose bytes are the same is the same file, which has
 * the data of the one that came last. Each item is a knowledge item of its own.
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

/* The id of the file in the notebook NB whose bytes have this SHA-256, 64 lower-case hexadecimal digits: "f_", the
 * first 8 digits of the SHA-256 of NB, and the first 24 of that of NB, a NUL and SHA256. */
void notebook_file_id(const char *nb, const char *sha256, char out[NOTEBOOK_FILE_ID + 1]);

/* Whether ID is one of a file in the notebook NB, or looks so. */
bool notebook_has_file_id(const char *nb, const char *id);

/* The upload id of an item that the client gave none: 32 hexadecimal digits. */
void notebook_upload_id(uint64_t job, uint32_t item, char out[33]);

/* NULL for a good upload id of a client's own, else what is wrong with it. */
const char *notebook_upload_id_check(const char *id);

/* The names of all notebooks, kept and listed again when an id is not found. */
struct notebooks;
struct notebooks *notebooks_open(const struct root *root); /* ROOT must last as long */
void notebooks_close(struct notebooks *all);

/* The next notebook that may have the file ID, valid until the next call; NULL with errno, ENOENT where there is none
 * or no more. *CURSOR is 0 before the first call. */
const char *notebook_of_file_id(struct notebooks *all, const char *id, size_t *cursor);

/* --- adding, without reading --- */

struct notebook_job {
	uint64_t id;
	const char *batch;
	const char *type; /* url_parse... */
	uint64_t items;
	const char *const *upload_ids; /* one an item, where the client gave them; else NULL */
};

/* Adds a job to the notebook NB, made where missing; it is on the disk when this returns. The batch should be there
 * already. 0, or -1 with errno. */
int notebook_add_job(const struct root *root, const char *nb, const struct notebook_job *job);

/*
 * Takes into its notebook what the batch's results say is completed and its notebook does not know yet; nothing for a
 * batch that has no notebook. To be called after items were recorded: it reads only what is new. What it adds may be
 * lost to a power cut, and is then taken again. Two at once, or a call for what was taken already, do no harm.
 * 0, or -1 with errno.
 */
int notebook_import_results(const struct root *root, const struct batch *b);

/* --- reading --- */

struct notebook;

/* Opens the notebook NAME. NULL with errno: ENOENT where there is none, or the name is none. */
struct notebook *notebook_open(const struct root *root, const char *name);
void notebook_close(struct notebook *nb);
const char *notebook_name(const struct notebook *nb);

/* Reads what was added since. 0, or -1 with errno: ESTALE where the notebook is another one by now, to be opened
 * again. */
int notebook_refresh(struct notebook *nb);

/* Brings in what the results of its batches say that are still worked on, or were not looked at yet, and refreshes. 0,
 * or -1 with errno. */
int notebook_catch_up(const struct root *root, struct notebook *nb);

/* A job as the log has it. */
struct notebook_seen_job {
	uint64_t id, items;
	char batch[BATCH_NAME_MAX + 1];
};

/* How many jobs there are; and job I of them, 0 the newest. False behind the last. */
size_t notebook_jobs(const struct notebook *nb);
bool notebook_job(const struct notebook *nb, size_t i, struct notebook_seen_job *out);
bool notebook_find_job(const struct notebook *nb, uint64_t id, struct notebook_seen_job *out);

/* An item that is a file of the notebook. */
struct notebook_file {
	uint32_t entry; /* the notebook's own number of it */
	char id[NOTEBOOK_FILE_ID + 1];
	uint64_t knowledge; /* its knowledge item; 0: nothing was parsed */
	uint64_t job;
	char batch[BATCH_NAME_MAX + 1];
	uint32_t item;
	bool linked; /* it is in the knowledge base */
};

/* The file ID: of its items that which came last. */
bool notebook_find_file(const struct notebook *nb, const char *id, struct notebook_file *out);

/* The item that came before F and has the same bytes. */
bool notebook_find_same(const struct notebook *nb, const struct notebook_file *f, struct notebook_file *out);

/* The item of a job that has the upload id ID, whether or not it is a file already. */
bool notebook_find_upload(const struct notebook *nb, const char *id, struct notebook_seen_job *job, uint32_t *item);

/* The file that an item is, if it is one. */
bool notebook_find_item(const struct notebook *nb, uint64_t job, uint32_t item, struct notebook_file *out);
bool notebook_find_knowledge(const struct notebook *nb, uint64_t knowledge, struct notebook_file *out);

/* A place in a list. Zeroed but for SKIP before the first call. */
struct notebook_cursor {
	uint64_t skip; /* how many to pass over */
	uint32_t at;
};

/* Which files: with MIME those of that type, "image/png", or of all that begin so where it ends in a slash or star,
 * "image/"; NULL: all. */
size_t notebook_files(const struct notebook *nb, const char *mime);
/* The next of them, newest first. */
bool notebook_next_file(const struct notebook *nb, const char *mime, struct notebook_cursor *c,
			struct notebook_file *out);

/* The knowledge items: those in the knowledge base, or ALL. */
size_t notebook_knowledge(const struct notebook *nb, bool all);
bool notebook_next_knowledge(const struct notebook *nb, bool all, struct notebook_cursor *c, struct notebook_file *out);

/* The log's line of a file into OUT, and the line that linked it with notes into NOTES (empty where there is none).
 * 0, or -1 with errno. */
int notebook_line(const struct notebook *nb, const struct notebook_file *f, struct buf *out);
int notebook_notes(const struct notebook *nb, const struct notebook_file *f, struct buf *out);

/* --- changing; on the disk when they return; 0, or -1 with errno --- */

/* The file that F is of, with all its items, is gone. F is the newest of them that the caller knows; 1, and nothing is
 * gone, where a newer one has come meanwhile, which notebook_find_file() finds now. */
int notebook_delete(struct notebook *nb, const struct notebook_file *f);

/* The knowledge item is in the knowledge base, with NOTES where not NULL; or no longer. */
int notebook_link(struct notebook *nb, uint64_t knowledge, const char *notes);
int notebook_unlink(struct notebook *nb, uint64_t knowledge);

#endif
