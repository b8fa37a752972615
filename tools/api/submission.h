/*
 * hand: what a request hands in, from its first byte until it is a job, and its only item done. bi-api --take.
 *
 *	submit_server.c       the clients: who may, how fast, whom to wait for
 *	form.c       the parts of an upload, to the disk as they come
 *	urls.c       the URLs of a request
 *	create_job.c       the batch of the job
 *	wait_item.c  its only item
 *
 * A hand's body is taken in the loop of all clients. What then waits for the disk, or reckons for long, is done in a
 * thread of its own (hand_finish), which has the hand to itself meanwhile.
 */
#ifndef BI_SUBMISSION_H
#define BI_SUBMISSION_H

#include "api.h"
#include "client_loop.h"
#include "files/atomic_file.h"
#include "http/multipart.h"

enum {
	HAND_URL_MAX = 8192,       /* bytes of a URL */
	HAND_JSON_MAX = 16 << 20,  /* of a list of URLs; lighttpd is told the same */
	HAND_JSON_HELD = 64 << 20, /* of all lists at once that a process has in memory */
	HAND_PARTS_MAX = 1000,     /* of a form: each file has a descriptor */
	HAND_FIELD_MAX = 65536,    /* bytes of a part that is no file */
	HAND_RATE_MS = 20000,      /* in each of which so many bytes of a body must come: */
	HAND_RATE_BYTES = 20480,
	HAND_NO_WORKER_MS = 5000, /* without a worker, before a client is told that there is none */
};

/* What the paths are for. */
struct hand_type {
	const char *path;     /* its last word */
	const char *job_type; /* of the batch */
	const char *key;      /* what an item is known by: "url", "media", "upload" */
	const char *id_key;   /* what the request calls its items' ids */
	const char *what;     /* as the answer calls it: "Batch upload" */
	const char *item;     /* "file" */
};

struct hand_item {
	char *where;             /* its URL, or a file's label */
	char *userinfo;          /* the URL had; NULL: none */
	char *upload_id;         /* the client's own; NULL: none was given */
	const char *code;        /* NULL: it is well; else it has failed with this code */
	char *wrong;             /* and these words */
	struct atomic_file part; /* a file's bytes */
	bool has_part;
	uint64_t size;
};

struct hand {
	const struct api *api;
	const struct hand_type *type;
	char notebook[BATCH_NAME_MAX + 1];
	bool is_batch;
	struct hand_item *items;
	size_t n, room;
	struct json_object *ids; /* the client's, a string or an array; NULL: none */
	bool named;              /* an item has an id of the client's */

	/* The body as it comes. */
	uint64_t got;
	struct multipart form; /* calls: NULL where it is no upload */
	int temp;              /* the root's temp/; -1 but for an upload */
	size_t parts;
	bool in_file;     /* the part under way is a file: the last item */
	bool unchosen;    /* and has no name: perhaps nobody chose one */
	bool is_id;       /* it is an id */
	struct buf value; /* what a part says that is no file */

	/* What became of it. */
	struct reply reply; /* status 0: nothing yet */
	uint64_t id;        /* of the job, once it is made */
	char batch[32];
	struct batch *watched; /* while its only item is waited for */
	int watch;             /* of inotify; -1: none */
	int64_t since;         /* when that began */
};

void hand_free(struct hand *h);

/* One more item. */
struct hand_item *hand_add(struct hand *h, const char *where);

/* Gives the items their client's own ids. False after making the reply the error. */
bool hand_name(struct hand *h);

/* Makes the reply what ERROR means, of DOING ("the file cannot be kept"). */
void hand_error(struct hand *h, int error, const char *doing);

/* --- form.c --- */

/* Begins to take an upload of LENGTH bytes whose Content-Type is TYPE. False after making the reply the error. */
bool form_begin(struct hand *h, const char *type, uint64_t length);

/* Takes more of it. False after making the reply the error. */
bool form_take(struct hand *h, const char *bytes, size_t n);

/* It is whole. False after making the reply the error. */
bool form_end(struct hand *h);

/* --- urls.c --- */

/* Takes the items out of the request S, whose body is whole. False after making the reply the error. */
bool urls_take(struct hand *h, const struct scgi *s);

/* --- create_job.c --- */

/* Makes the job, all of it on the disk. False after making the reply the error, with nothing left behind. */
bool make_job(struct hand *h);

/* --- wait_item.c --- */

/* Begins to wait for the only item, woken by the inotify descriptor INO where that is not -1. */
void wait_begin(struct hand *h, int ino);

/* Looks at it. True once the reply is what became of it. */
bool wait_look(struct hand *h);

/* When to look again at the latest, on clock_ms(). */
int64_t wait_until(const struct hand *h);
void wait_end(struct hand *h, int ino);

#endif
