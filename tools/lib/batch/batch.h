/*
 * batch: the batch store, bi-batch(5). Each batch is a directory, the states are a file, and a claim is a lock that the
 * kernel drops when its holder dies.
 *
 * batch.c opens and creates batches, batch_added.c knows the items that there are, batch_add.c adds some, batch_work.c
 * claims, records and rebuilds, batch_results.c reads and indexes results under their lock, batch_same.c finds items
 * with the same bytes, batch_removed.c removes items and takes them back, batch_retry.c makes failed ones pending
 * again, batch_format.c knows the format of a batch, batch_read.c, batch_ahead.c, batch_results_ahead.c and
 * batch_last_result.c read without locks. Item numbers count from 1. One thread may call batch_record() while another
 * calls the rest. A function that fails returns -1 with errno and leaves nothing half-done.
 */
#ifndef BI_BATCH_H
#define BI_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/trouble.h"
#include "files/root.h"

struct batch;
struct json_object;

/* The errno of a batch whose format this version does not know: a newer one made it. trouble_reason() has words for
 * it. */
#define BATCH_NEWER TROUBLE_NEWER

enum batch_mode {
	BATCH_READ, /* an existing batch, to read; takes no lock */
	BATCH_WORK, /* made if missing; holds its lock shared until closed: more items may come */
	BATCH_ADD,  /* as BATCH_WORK, to add items that others fetch: see batch_recover() */
	BATCH_JOIN, /* an existing batch, as BATCH_WORK */
	BATCH_ALONE /* an existing batch; holds its lock alone: EBUSY if a process works on it */
};

/* The metadata of a new batch, for batch.json. Strings may be NULL. */
struct batch_metadata {
	const char *category, *label, *notebook;
	const char *job_type; /* NULL: "url_parse" */
	uint64_t job_id;      /* 0: the next of seq/jobs */
	uint64_t items;       /* how many items it will have; 0: not known */
	bool public_only;     /* its items may only be fetched from public addresses */
};

/*
 * Opens the batch NAME, which must be valid (root_name_check). ABOUT is stored if the batch is made now; it may be
 * NULL. batch_close() closes it. Returns NULL with errno on failure: ENOENT if the batch must exist and does not, and
 * BATCH_NEWER if it has a format that this version does not know. The lock is on the batch that has the name once the
 * lock is held, never on one that was retired meanwhile.
 */
struct batch *batch_open(const struct root *root, const char *name, enum batch_mode mode,
			 const struct batch_metadata *about);

/* Frees it. Keeps errno. NULL is allowed. */
void batch_close(struct batch *b);

const char *batch_name(const struct batch *b);
int batch_dirfd(const struct batch *b);   /* batches/NAME */
int batch_filesfd(const struct batch *b); /* batches/NAME/files; -1 with errno (ENOENT: it is not there) */

/* Returns whether the batch has all its files. A batch that was opened with BATCH_READ while another process made it
 * may not. */
bool batch_is_whole(const struct batch *b);

/* Returns whether an archive of a batch has the file NAME, a path below its directory: files that can be rebuilt, or
 * are secret, are left out. */
bool batch_archives_file(const char *name);

/* Stores the text of batch.json in OUT. Returns 0 or -1. */
int batch_metadata(const struct batch *b, struct buf *out);

/* Returns the same as an object, which the caller frees with json_object_put(). Returns NULL with errno: EBADMSG if the
 * text is not a JSON object. */
struct json_object *batch_metadata_object(const struct batch *b);

/* Calls SEE with the name of each batch of the root, in sorted order, until SEE returns false. Returns 0 or -1. */
int batch_each(const struct root *root, bool (*see)(const char *name, void *arg), void *arg);

/* --- adding (BATCH_WORK, BATCH_ADD) --- */

enum batch_userinfo {
	USERINFO_OWN,  /* it is stored unless the item is completed */
	USERINFO_LENT, /* it comes from another item: it does not replace what this item has */
	USERINFO_AGAIN /* it is stored also if the item is completed, which is asked for again */
};

struct batch_ask {
	const char *subject; /* the subject's id, valid (root_subject_check); NULL: the item is a subject */
	const char *kind;    /* the kind of its identity: "url", "file", "media", "member" or "bad" */
	const char *where;   /* the value of its identity: the URL, the path... */
	const char *text;    /* the item as a JSON object without "bi"; one line of at most BATCH_ITEM_MAX bytes */
	const char *key;     /* the identity itself, if it is known (struct batch_place): KIND and WHERE are not used */
	const char *userinfo; /* taken off WHERE (userinfo.h), to be stored in the batch's secrets; NULL: none */
	const char *headers;  /* of its request, to be stored there, too (secrets.h); NULL: none */
	enum batch_userinfo userinfo_is; /* of both */
	uint32_t item;                   /* out: its number */
	char state;                      /* out: its state */
	bool is_new;                     /* out: it was not in the batch before */
};

enum { BATCH_ITEM_MAX = (1 << 20) - 4096 }; /* the rest of the line is for its result */

/* Marks ITEM as one that has userinfo. If the userinfo is missing later, the fetcher reports that. */
void batch_mark_userinfo(struct json_object *item);

/* Syncs the added items and the batch itself, so that they survive a power cut. Returns 0 or -1. */
int batch_sync(struct batch *b);

/* Adds N items, or finds those that the batch has already, under the lock of items.ndjson. Returns 0 or -1. */
int batch_add(struct batch *b, struct batch_ask *asks, size_t n);

/* Finds the item that ASK would be, without adding it: ITEM is 0 if the batch does not have it. Returns 0 or -1. */
int batch_find(struct batch *b, struct batch_ask *ask);

/* --- working (BATCH_WORK) --- */

enum batch_claim {
	CLAIM_OURS,    /* the claim was taken; batch_record() or batch_release() ends it */
	CLAIM_HELD,    /* a living process works on it */
	CLAIM_DONE,    /* the item is completed */
	CLAIM_FAILED,  /* the item failed, and is not tried again now */
	CLAIM_REMOVED, /* the item was removed */
	CLAIM_ERROR,   /* errno says why */
};

/* Which failures are tried again beside the transient ones: TOO is called with the "error" of the result. */
struct batch_retry {
	bool (*too)(struct json_object *error, const void *arg);
	const void *arg;
};

/*
 * Claims item K. An item whose owner died is taken over. If the owner had recorded a result, that counts, and so do the
 * results of other items that the owner recorded without their states. A failed item is claimed only if it failed
 * before this process opened the batch, and if the failure is retryable or RETRY, if given, accepts it.
 */
enum batch_claim batch_claim(struct batch *b, uint32_t k, const struct batch_retry *retry);

/*
 * Claims neighbours by one lock: up to N items (2 to BATCH_RUN_MAX) from K on that are pending and have no result, up
 * to the first that is anything else. This process must have no claim on any of them. Returns how many, or -1 with
 * errno. 0 if another process has one of them: batch_claim() tells about each.
 */
enum { BATCH_RUN_MAX = 32 };
int batch_claim_run(struct batch *b, uint32_t k, uint32_t n);

/* Ends the claim on item K without a result. Its state becomes what it was: failed if its last result says so, else
 * pending. */
void batch_release(struct batch *b, uint32_t k);

/* --- removed items (BATCH_JOIN, BATCH_WORK) --- */

/*
 * Removes N items that are claimed with batch_claim_any(): gives the batch the format that has removed items, appends
 * and syncs their results, then writes and syncs their states. KEPT: their files stay, and the results say so. An item
 * that was removed before is recorded again only if KEPT differs. The claims stay, for the caller to remove the files,
 * and then to end them by batch_unclaim(). Returns 0, or -1 with errno; the items that are not removed then are as they
 * were.
 */
int batch_remove(struct batch *b, const uint32_t *items, size_t n, bool kept);

/*
 * Takes those of N items back that are removed, and the members of those that are archives: they are pending, and have
 * no result. Returns how many, or -1 with errno: EBUSY if another process removes one of them just now.
 */
int64_t batch_restore(struct batch *b, const uint32_t *items, size_t n);

/*
 * Makes those of N items that have failed pending again, so that workers fetch them: batch_retry.c. Leaves those that a
 * process works on, that were deleted, or whose uploaded bytes are gone. Gives the batch the format that has such
 * results, if it makes any. Returns how many it made pending, also if that is fewer than N; -1 with errno, and then
 * some of them may be pending.
 */
int64_t batch_retry_failed(struct batch *b, const uint32_t *items, size_t n);

/* Returns the number of the archive that the item of a line is a member of; 0: it is of none. */
uint32_t batch_item_archive(const char *line, size_t n);

/* Whether the result line of a removed item says that its files were kept. */
bool batch_result_is_kept(const char *line, size_t n);

/* Updates the state of item K to its last result, unless a process works on it. Returns 1 if the state changed, 0, or
 * -1 with errno. Opening a batch for work (BATCH_WORK, BATCH_JOIN) does this for each item whose result a killed
 * process recorded without its state. With BATCH_ADD it is done when batch_add() finds an item that the batch has: the
 * states of the others do not matter to who adds, and reading them all takes time that grows with the batch. */
int batch_recover(struct batch *b, uint32_t k);

/* Claims item K in any state, for callers that will replace its result. Returns CLAIM_OURS, CLAIM_HELD or CLAIM_ERROR.
 * The state stays as it is. The claim ends with batch_record(), or with batch_unclaim(), which changes nothing. */
enum batch_claim batch_claim_any(struct batch *b, uint32_t k);
void batch_unclaim(struct batch *b, uint32_t k);

/* A file, and its place if the batch has it already. */
struct batch_same {
	const char *sha256; /* of its bytes, hexadecimal */
	uint32_t item;      /* out: the item that has the same bytes; 0: none has */
	char *path;         /* out: its file, below the batch's directory; for the caller to free */
};

/* Looks up N files in contents.index. Returns 0, or -1 with errno. The caller may go on after a failure: files with the
 * same bytes are then stored twice. */
int batch_find_same(struct batch *b, struct batch_same *v, size_t n);

struct batch_outcome {
	uint32_t item;
	bool completed;   /* else failed */
	const char *line; /* the result record, {"item":K,"status":...}, without newline */
	size_t len;
	const char *sha256; /* of a completed item's bytes, for batch_find_same(); NULL: it is not indexed */
};

/*
 * Records the outcomes of N claimed items: appends and syncs the results, then writes the states, then ends the claims.
 * The caller must have synced the files. On failure it returns -1 and the claims stay. No outcome of the group then
 * counts; but if only a byte of `state` could not be written, the results count, and the next process that claims such
 * an item updates the byte.
 */
int batch_record(struct batch *b, const struct batch_outcome *v, size_t n, bool sync);

/* The same, but the claims stay until batch_unclaim(), and secrets are not removed: for a caller that then removes the
 * files of the items, which no other process may make anew meanwhile. */
int batch_record_held(struct batch *b, const struct batch_outcome *v, size_t n, bool sync);

/* batch_cancel() marks the batch as cancelled until it is closed: its workers then fetch nothing more. Returns 0, 1 if
 * another process has marked it already, or -1 with errno. batch_is_cancelled() returns 1, 0, or -1 with errno. */
int batch_cancel(struct batch *b);
int batch_is_cancelled(const struct batch *b);

/*
 * Makes `state` and both indexes anew from items and results (BATCH_ALONE). A completed item whose file is gone gets
 * one more result, failed with file_lost, so that it is tried again. All files are checked before any result is
 * written: if one cannot be checked, nothing is written. Stores in CHANGED, if given, how many states differed. Returns
 * 0, or -1 with errno and the name of the batch's file concerned in WHERE.
 */
int batch_rebuild(struct batch *b, uint64_t *changed, struct buf *where);

/* --- reading (any mode) --- */

/* Returns the first completed item, from number FROM (1 or more) on, whose file is gone. Returns 0 if no file is gone,
 * or -1 with errno; WHERE then names the file of the batch that could not be read. */
int64_t batch_find_lost(const struct batch *b, uint32_t from, struct buf *where);

struct batch_counts {
	uint64_t total, pending, processing, completed, failed; /* TOTAL: all that are not removed */
	bool held;                                              /* a process holds the batch: more items may come */
	uint64_t length, removed;                               /* LENGTH: the last number; TOTAL and REMOVED */
};

/* Counts the items by one read of `state`. A byte r in a batch that no process holds counts as pending. Returns 0 or
 * -1. */
int batch_count(const struct batch *b, struct batch_counts *counts);

/* The same, and appends the states of all items (p, r, c, f or x) to STATES. Both come from the same read. */
int batch_count_states(const struct batch *b, struct batch_counts *counts, struct buf *states);

/* Returns how many items there are, removed ones too, or -1 with errno. */
int64_t batch_length(const struct batch *b);

/* Returns the state of item K: p, r, c, f or x; -1 with errno if it cannot be read. */
int batch_state(const struct batch *b, uint32_t k);

/* Stores the states of N items from number FROM on in STATES. Returns 0, or -1 with errno if they cannot be read. */
int batch_states(const struct batch *b, uint32_t from, char *states, size_t n);

/* Returns the first item, from number FROM (1 or more) on, whose state is S (c, f, r or x); 0 if there is none; -1 with
 * errno. */
int64_t batch_find_state(const struct batch *b, uint32_t from, char s);

/* Lets batch_claim() also claim items that fail with HOST_BUSY_CODE from now on. This is for a process that waits for
 * hosts without a limit, and so never fails items in this way itself: others do, and it goes on with them. */
void batch_claim_busy(struct batch *b);

/* Tells whether item K has a result by which batch_claim() would not give it to us. Returns 1, 0, or -1 with errno. */
int batch_is_ended(struct batch *b, uint32_t k, const struct batch_retry *retry);

/* Tells whether another process has a claim on item K. Returns 1, 0, or -1 with errno. */
int batch_is_claimed(const struct batch *b, uint32_t k);

/* Stores the line of item K in OUT, with its "bi" member, but without userinfo in URLs. Returns 0, or -1 with errno
 * (ENOENT: there is no such item). */
int batch_item(const struct batch *b, uint32_t k, struct buf *out);

/* The same for the process that fetches the item (BATCH_WORK). Stores the userinfo of its URL in USERINFO, and the
 * headers of its request in HEADERS (secrets.h); each is empty if there is none. Returns 0, or -1 with errno. */
int batch_item_to_fetch(struct batch *b, uint32_t k, struct buf *out, struct buf *userinfo, struct buf *headers);

/* Stores the secret that item K with the identity KEY has now in USERINFO and HEADERS, for the process that has just
 * claimed it: another process may have added the secret since batch_item_to_fetch(). What the item does not have is
 * empty. Returns 0, 1 if there is none, and then both are as they were, or -1 with errno. */
int batch_secret(struct batch *b, uint32_t k, const char *key, struct buf *userinfo, struct buf *headers);

/* Finds the line of item K among those that are read ahead, many at a time, for a caller that asks for one item after
 * the other (BATCH_WORK). It is as in the file, so with the userinfo that a line of an earlier version has. Stores the
 * line, which is good until the next call, in LINE, and its length without newline in N. Returns 1, 0 if the line is
 * not at hand, or -1 with errno. */
int batch_item_ahead(struct batch *b, uint32_t k, const char **line, size_t *n);

/* As batch_state() and batch_is_claimed(), for a caller that asks for one item after the other (BATCH_WORK or
 * BATCH_JOIN): p, c, and r and the claim of another process may be 100 ms old, but not older than the last
 * batch_look_anew(). */
int batch_state_lately(struct batch *b, uint32_t k);
int batch_is_claimed_lately(struct batch *b, uint32_t k);
void batch_look_anew(struct batch *b);

/* Removes the userinfo of item K, which will never be fetched again (BATCH_WORK or BATCH_JOIN). Returns 0, or -1 with
 * errno. */
int batch_forget_userinfo(struct batch *b, uint32_t k);

/* Stores the last result line of item K in OUT, without userinfo in URLs. Returns 0, or -1 with errno (ENOENT: it has
 * none, or was taken back after it had been removed). */
int batch_result(const struct batch *b, uint32_t k, struct buf *out);

/* The last result of an item, as batch_results_ahead() knows it. */
struct batch_known_result {
	uint32_t item;  /* the caller sets it */
	char state;     /* of the item, read after the result; NUL: not known */
	char says;      /* as batch_result_state() has it */
	size_t at, len; /* of the line in the text; LEN 0: it was not read */
};

/* Reads the results of N items (1 to BATCH_KNOWN_MAX) together, which takes fewer calls than batch_result() of each,
 * the fewer the closer the items are. TEXT is replaced. An item that cannot be read this way has LEN 0, which says
 * nothing of it: batch_result() has the answer. */
enum { BATCH_KNOWN_MAX = 256 };
void batch_results_ahead(const struct batch *b, struct batch_known_result *v, size_t n, struct buf *text);

/* Return the line of item K, or its last result, as batch_metadata_object() returns batch.json. */
struct json_object *batch_item_object(const struct batch *b, uint32_t k);
struct json_object *batch_result_object(const struct batch *b, uint32_t k);

/*
 * batch_results_indexed() returns up to which offset of results.ndjson the index knows the lines, 0 if the index is not
 * valid. batch_result_offset() returns where the last result of item K before that begins; the caller must check that
 * the line is the item's. Both return -1 with errno on failure, the second with ENOENT if the index has none.
 */
off_t batch_results_indexed(const struct batch *b);
off_t batch_result_offset(const struct batch *b, uint32_t k);

/* Tells whether the result line of item K at the offset AT of results.ndjson is the item's last. Returns 1, 0, or -1
 * with errno. */
int batch_result_counts(const struct batch *b, uint32_t k, off_t at);

/* Verifies keys.index, while no process adds items: returns the first item to which it does not lead though it should,
 * 1 if all of it is damaged, 0 if nothing is wrong, or -1 with errno. batch_rebuild() removes a wrong one. */
int64_t batch_check_keys(struct batch *b);

/* Opens the file of a completed result for reading, as file_open() does. A symbolic link is not a file of the batch.
 * Returns -1 with errno on failure; file_reason() has the words. Only ENOENT means that the file is gone. */
int batch_open_file(const struct batch *b, struct json_object *result);

/* The content of the "bi" member of an item line, by batch_place(). The candidate's name is SUBJECT_IDX. batch_place()
 * returns 0, or -1 for a line without that member. */
struct batch_place {
	uint32_t item;
	char key[33]; /* the item's identity, 32 hexadecimal digits */
	char subject[SUBJECT_MAX + 1];
	uint32_t idx; /* counts the subject's items from 1 in the order asked */
};
int batch_place(const char *line, size_t n, struct batch_place *out);

/* Returns the number of the item of a result line, and stores the state that the line gives it in STATE: c, f, x, or p
 * for an item that was taken back. Returns 0 if the line is not a result. The members of the line may be in any
 * order. */
uint32_t batch_result_state(const char *line, size_t n, char *state);

/* The same for callers that ask only whether it was completed. */
uint32_t batch_result_number(const char *line, size_t n, bool *completed);

/* Appends to OUT a result line as a record for stdout (bi-records(5)): with "batch", an absolute "path", and without
 * newline. */
void batch_result_record(const struct batch *b, const char *line, size_t n, struct buf *out);

#endif
