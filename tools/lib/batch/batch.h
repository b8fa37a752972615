/*
 * batch: the batch store, bi-batch(5). Every batch a directory, every state a file, every
 * claim a lock that the kernel drops when its holder dies.
 *
 * The store is in several files: batch.c opens and creates, batch_add.c adds items,
 * batch_work.c claims, records and rebuilds, batch_results.c has the results under their lock, batch_same.c finds items
 * with the same bytes, batch_read.c reads without any of that. Item numbers
 * count from 1. One thread may call batch_record() while another calls the rest. Functions that can fail return -1 with
 * errno, and nothing half-done is left.
 */
#ifndef BI_BATCH_H
#define BI_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "files/root.h"

struct batch;
struct json_object;

enum batch_mode {
	BATCH_READ, /* an existing batch; takes no lock, writes nothing */
	BATCH_WORK, /* made where missing; holds its lock shared until closed: more may come */
	BATCH_JOIN, /* an existing batch, as BATCH_WORK */
	BATCH_ALONE /* an existing batch; holds its lock alone: EBUSY when anyone works on it */
};

/* What a new batch is created with. Members may be NULL. */
struct batch_metadata {
	const char *category, *label, *notebook;
	const char *job_type; /* NULL: "url_parse" */
	uint64_t job_id;      /* 0: the next of seq/jobs */
	uint64_t items;       /* how many it will have, announced before they are added; 0: not known */
	bool public_only;     /* its items are fetched from public addresses alone */
};

/* Opens a batch; NAME must be good (root_name_check). ABOUT counts when it is made just now; NULL: nothing known.
 * NULL with errno: ENOENT when it must exist and does not. What is opened is what the name stood for when the lock was
 * had: one that is retired meanwhile is not. */
struct batch *batch_open(const struct root *root, const char *name, enum batch_mode mode,
			 const struct batch_metadata *about);

/* Frees it. Keeps errno. */
void batch_close(struct batch *b);

const char *batch_name(const struct batch *b);
int batch_dirfd(const struct batch *b);   /* batches/NAME */
int batch_filesfd(const struct batch *b); /* batches/NAME/files; -1 with errno, ENOENT where it is not there */

/* Whether it has all its files: one that was opened to be read just when it was made may not. */
bool batch_is_whole(const struct batch *b);

/* The text of batch.json into OUT. 0 or -1. */
int batch_metadata(const struct batch *b, struct buf *out);

/* Calls SEE with the name of each batch of the root, sorted, until it returns false. 0 or -1. */
int batch_each(const struct root *root, bool (*see)(const char *name, void *arg), void *arg);

/* --- adding (BATCH_WORK) --- */

struct batch_ask {
	const char *subject;  /* the subject's id, good (root_subject_check), or NULL: its own subject */
	const char *kind;     /* what identifies it: "url", "file", "media", "member" or "bad" */
	const char *where;    /* and the value of that: the URL, the path... */
	const char *text;     /* the item as a JSON object without "bi"; one line of at most BATCH_ITEM_MAX bytes */
	const char *userinfo; /* that was taken off WHERE (userinfo.h), to be kept in the batch's secrets; NULL: none */
	bool is_lent;         /* USERINFO is that of another item: it does not replace one that the item has */
	uint32_t item;        /* out: its number */
	char state;           /* out: its state when it was asked for */
	bool is_new;          /* out: it was not in the batch before */
};

enum { BATCH_ITEM_MAX = (1 << 20) - 4096 }; /* the rest of the line is for its result */

/* Marks ITEM, which belongs to an ask with userinfo, as one that has userinfo. Where it is missing later, the fetcher
 * reports that. */
void batch_mark_userinfo(struct json_object *item);

/* Brings to the disk what was added, and the batch itself: it survives a power cut. 0 or -1. */
int batch_sync(struct batch *b);

/* Adds N items, or finds those that are there already, in one go under the lock of items.ndjson. 0 or -1. */
int batch_add(struct batch *b, struct batch_ask *asks, size_t n);

/* --- working (BATCH_WORK) --- */

enum batch_claim {
	CLAIM_OURS,   /* it is claimed: end it with batch_record() or batch_release() */
	CLAIM_HELD,   /* a living process works on it */
	CLAIM_DONE,   /* completed: its result is there */
	CLAIM_FAILED, /* failed, and not to be tried again now */
	CLAIM_ERROR,  /* errno says why */
};

/* Which failures are tried again beside those that may pass: TOO is asked with the "error" of the result. */
struct batch_retry {
	bool (*too)(struct json_object *error, const void *arg);
	const void *arg;
};

/*
 * Claims item K. What its owner left behind by dying is taken over; a result that the owner recorded is honoured, and
 * with it those of the other items that the owner recorded without their states.
 * A failed item is claimed only if it failed before this process opened the batch, and may pass (retryable) or RETRY,
 * if given, wants it too.
 */
enum batch_claim batch_claim(struct batch *b, uint32_t k, const struct batch_retry *retry);

/* Lets a claimed item go back to what it was: failed where its last result says so, else pending. */
void batch_release(struct batch *b, uint32_t k);

/* Brings the state of item K up to its last result, unless a process works on it. 1 where the state changed, 0, or -1
 * with errno. Opening a batch for work (BATCH_WORK, BATCH_JOIN) does this for each item whose result a process that was
 * killed left without its state. */
int batch_recover(struct batch *b, uint32_t k);

/* Claims item K in any state, for callers that replace its result. Returns CLAIM_OURS, CLAIM_HELD or CLAIM_ERROR. The
 * state stays as it is. The claim ends with batch_record(), or with batch_unclaim(), which changes nothing. */
enum batch_claim batch_claim_any(struct batch *b, uint32_t k);
void batch_unclaim(struct batch *b, uint32_t k);

/* A file and, where the batch has it already, where. */
struct batch_same {
	const char *sha256; /* of its bytes, hexadecimal */
	uint32_t item;      /* out: the item that has the same bytes; 0: none has */
	char *path;         /* out: its file, below the batch's directory; for the caller to free */
};

/* Looks N files up in contents.index. 0, or -1 with errno, which is no reason to stop: what is the same is then stored
 * twice. */
int batch_find_same(struct batch *b, struct batch_same *v, size_t n);

struct batch_outcome {
	uint32_t item;
	bool completed;   /* else failed */
	const char *line; /* the result record, {"item":K,"status":...}, without newline */
	size_t len;
	const char *sha256; /* of a completed item's bytes, for batch_find_same(); NULL: not to be found */
};

/*
 * Records the outcomes of N claimed items: results appended and synced, then their states, then the claims let go. The
 * caller has synced the files before. On -1 the claims stay. Nothing of the group counts then; or, where only a byte of
 * `state` could not be written, its results do, and who claims such an item next brings the byte up.
 */
int batch_record(struct batch *b, const struct batch_outcome *v, size_t n, bool sync);

/*
 * Says that nothing more of the batch is to be fetched, until it is closed: those who work on it ask. 0; 1 where
 * another says so already; -1 with errno. Whether somebody says so: 1, 0, or -1 with errno.
 */
int batch_cancel(struct batch *b);
int batch_is_cancelled(const struct batch *b);

/* Makes `state` and both indexes anew from items and results (BATCH_ALONE). A completed item whose file is gone gets
 * one more result, failed with file_lost, so that it is tried again. All files are looked at before anything is said of
 * one: where one cannot be, nothing is. CHANGED, if given: how many states differed. 0, or -1 with errno and in WHERE
 * the file of the batch that it is about. */
int batch_rebuild(struct batch *b, uint64_t *changed, struct buf *where);

/* --- reading (any mode) --- */

/* Returns the first item, from number FROM (1 or more) on, that is completed and whose file is gone. Returns 0 if no
 * file is gone, or -1 with errno; WHERE then names the file of the batch that could not be read. */
int64_t batch_find_lost(const struct batch *b, uint32_t from, struct buf *where);

struct batch_counts {
	uint64_t total, pending, processing, completed, failed;
	bool held; /* a process holds the batch: more may come */
};

/* One read of `state`, nothing parsed: a byte r of a batch that nobody holds counts as pending. 0 or -1. */
int batch_count(const struct batch *b, struct batch_counts *counts);

/* How many items there are; -1 with errno. */
int64_t batch_length(const struct batch *b);

/* The state of item K: p, r, c or f; -1 with errno where it cannot be read. */
int batch_state(const struct batch *b, uint32_t k);

/* The first item from FROM on, a number of 1 or more, whose state is S (c or f or r); 0 where there is none; -1 with
 * errno. */
int64_t batch_find_state(const struct batch *b, uint32_t from, char s);

/* Whether another process has a claim on item K. 1, 0, or -1 with errno. */
int batch_is_claimed(const struct batch *b, uint32_t k);

/* The line of item K into OUT (as stored, with its "bi" member, but for userinfo in URLs). 0, or -1 with ENOENT where
 * there is none. */
int batch_item(const struct batch *b, uint32_t k, struct buf *out);

/* The same for the process that fetches the item (BATCH_WORK). Stores the userinfo of its URL in USERINFO, which is
 * left empty if the URL has none. 0, or -1 with errno. */
int batch_item_to_fetch(struct batch *b, uint32_t k, struct buf *out, struct buf *userinfo);

/* Removes the userinfo of item K, which is never to be fetched again (BATCH_WORK or BATCH_JOIN). 0, or -1 with errno.
 */
int batch_forget_userinfo(struct batch *b, uint32_t k);

/* The last result line of item K into OUT, as stored but for userinfo in URLs. 0, or -1 with ENOENT where there is
 * none. */
int batch_result(const struct batch *b, uint32_t k, struct buf *out);

/* Up to where in results.ndjson its index knows the lines, 0 where it cannot be believed; and where the last result of
 * item K before that begins. Both return -1 with errno where they cannot tell, the second also with ENOENT where the
 * index says of none. Whether the line is the item's is for the caller to see. */
off_t batch_results_indexed(const struct batch *b);
off_t batch_result_offset(const struct batch *b, uint32_t k);

/* Whether the result line of item K that begins at the offset AT of results.ndjson is the item's last. 1, 0, or -1 with
 * errno. */
int batch_result_counts(const struct batch *b, uint32_t k, off_t at);

/* Opens the file of a completed result for reading, as file_open() does: a symbolic link is no file of the batch. -1
 * with errno, whose words are file_reason()'s. Only ENOENT says that the file is gone. */
int batch_open_file(const struct batch *b, struct json_object *result);

/* What the "bi" member of an item line says: the candidate's name is ID_IDX. Points into LINE. 0, or -1 for a line that
 * has none. */
struct batch_place {
	uint32_t item;
	char key[33]; /* the item's identity, 32 hexadecimal digits */
	char subject[SUBJECT_MAX + 1];
	uint32_t idx; /* counts the subject's items from 1 in the order asked */
};
int batch_place(const char *line, size_t n, struct batch_place *out);

/* Returns the number of the item that a result line is about and sets COMPLETED. Returns 0 if the line is not a result.
 * The members of the line may stand in any order. */
uint32_t batch_result_number(const char *line, size_t n, bool *completed);

/*
 * A result line as it goes on the pipe (bi-records(5)): with "batch" in it and "path" made
 * absolute. Appends it to OUT, without newline.
 */
void batch_result_record(const struct batch *b, const char *line, size_t n, struct buf *out);

#endif
