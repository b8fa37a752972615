/*
 * submission: what a request hands in, from its first byte until it is a job, and its only item done. bi-api --take.
 *
 *	submit_server.c  the clients: who may, how fast, which one waits for its item
 *	receive.c        the body of an upload
 *	form.c           its parts, which go to the disk as they come
 *	urls.c           the URLs of a request
 *	create_job.c     the batch of the job
 *	wait_item.c      its only item
 *
 * Lists of URLs are read in the loop of all clients. Work that waits for the disk or for a lock, or takes long, is done
 * in a thread, which has the submission to itself meanwhile; so an upload is read by its thread.
 */
#ifndef BI_SUBMISSION_H
#define BI_SUBMISSION_H

#include "api.h"
#include "base/hash.h"
#include "batch/batch.h"
#include "files/atomic_file.h"
#include "http/multipart.h"
#include "http/scgi.h"
#include "reply.h"

enum {
	SUBMISSION_URL_MAX = 8192,       /* bytes of a URL */
	SUBMISSION_JSON_MAX = 16 << 20,  /* of a list of URLs; lighttpd is told the same */
	SUBMISSION_JSON_HELD = 64 << 20, /* of all lists at once that a process has in memory */
	SUBMISSION_PARTS_MAX = 1000,     /* of a form: each file has a descriptor */
	SUBMISSION_FIELD_MAX = 65536,    /* bytes of a part that is no file */
	SUBMISSION_RATE_MS = 20000,      /* in each of which so many bytes of a body must come: */
	SUBMISSION_RATE_BYTES = 20480,
	SUBMISSION_NO_WORKER_MS = 5000, /* without a worker, before a client is told that there is none */
};

/* What the paths are for. */
struct submission_type {
	const char *path;     /* its last word */
	const char *job_type; /* of the batch */
	const char *key;      /* what an item is known by: "url", "media", "upload" */
	const char *id_key;   /* what the request calls its items' ids */
	const char *what;     /* as the answer calls it: "Batch upload" */
	const char *item;     /* "file" */
};

struct submission_item {
	char *where;             /* its URL, or a file's label */
	char *userinfo;          /* the URL had; NULL: none */
	char *upload_id;         /* the client's own; NULL: none was given */
	const char *code;        /* NULL: it is well; else it has failed with this code */
	char *wrong;             /* and these words */
	struct atomic_file part; /* a file's bytes */
	bool has_part;
	uint64_t size;
	struct hash *hash;         /* of the bytes that have come; NULL once all have */
	char sha256[HASH_HEX + 1]; /* of all */
	off_t sync_begun;          /* up to here the kernel was told to begin to write to the disk */
};

struct submission {
	const struct api *api;
	const struct submission_type *type;
	char notebook[BATCH_NAME_MAX + 1];
	bool is_batch;
	struct submission_item *items;
	size_t n;
	struct json_object *ids; /* the client's, a string or an array; NULL: none */
	bool named;              /* an item has an id of the client's */
	int priority;            /* of the batch */

	/* The body as it comes. */
	uint64_t got;
	bool left;             /* its client has left before all of it came */
	struct multipart form; /* calls: NULL where it is no upload */
	int temp;              /* the root's temp/; -1 but for an upload */
	size_t parts;
	bool in_file;     /* the part under way is a file: the last item */
	bool unchosen;    /* and has no name: perhaps nobody chose one */
	bool is_id;       /* it is an id */
	bool is_priority; /* it is the priority */
	struct buf value; /* what a part says that is no file */

	/* What became of it. */
	struct reply reply; /* status 0: nothing yet */
	uint64_t id;        /* of the job, once it is made */
	char batch[32];
	struct batch *watched; /* while its only item is waited for */
	int watch;             /* of inotify; -1: none */
	int64_t since;         /* when that began */
};

void submission_free(struct submission *h);

/* Removes the files that came so far. If they are large, that takes time. */
void submission_drop_files(struct submission *h);

/* One more item. */
struct submission_item *submission_add(struct submission *h, const char *where);

/* Gives the items their client's own ids. False after making the reply the error. */
bool submission_name(struct submission *h);

/* Takes the priority that the request names. False after making the reply the error. */
bool submission_take_priority(struct submission *h, const char *text);

/* Makes the reply what ERROR means, of DOING ("the file cannot be kept"). Returns false. */
bool submission_error(struct submission *h, int error, const char *doing);

#endif
