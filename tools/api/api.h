/*
 * bi-api: the HTTP API of a root, behind lighttpd.
 *
 * The keeper of bi-serve listens on three sockets and starts bi-api with one of them as descriptor 0; lighttpd hands
 * each request over by SCGI (scgi.h). Several processes answer what can be answered at once, one request at a time each
 * (request_answer.c). One more, --stream, has what lasts: the status and its server-sent events, all clients in one
 * loop (stream.c), so that those who watch never keep those who pick waiting. Two, --take, have what is handed in,
 * which takes its time to come and to be done (submit_server.c): all clients in one loop too, and what waits for the
 * disk in threads.
 *
 * A process holds nothing that its death would lose: what it caches it reads again, and a pick is on the disk before it
 * is answered. It dies with its keeper (child.h).
 */
#ifndef BI_API_H
#define BI_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bounds.h"
#include "batch/batch.h"
#include "files/root.h"
#include "http/allowed_hosts.h"
#include "http/scgi.h"
#include "review/picks.h"

struct json_object;

enum {
	API_BODY_MAX = 4 << 20, /* bytes of a request's body; lighttpd is told the same */
	API_REQUEST_MS = 10000, /* for a request to be taken, answered and sent */
	API_WORDS_MAX = 8,      /* of a path */
	API_WORD_MAX = 256,
	API_ORIGINS_MAX = 16,
};

struct api {
	struct root root;
	struct allowed_hosts *site;
	struct kept *kept;                    /* the batches that were asked for lately */
	int64_t deadline;                     /* when the request under way must be done with, on clock_ms() */
	const char *origins[API_ORIGINS_MAX]; /* --allow-origin */
	size_t origins_n;
	bool csrf_cookie; /* the token is given as a cookie */
	struct bounds bounds;
};

/* --- reply.c --- */

struct reply {
	int status;
	struct buf headers; /* lines ended by CRLF, beside those that reply_print() makes */
	struct buf body;
	const char *type; /* NULL: application/json */
	char own_type[104];
};

/* Makes it an error: {"success":false,"error":CODE,"detail":...}. */
void reply_error(struct reply *r, int status, const char *code, const char *detail, ...)
	__attribute__((format(printf, 4, 5)));

/* Adds members to the error that R is: ",\"name\":value". */
void reply_add(struct reply *r, const char *members, ...) __attribute__((format(printf, 2, 3)));

/* The body of a request as JSON. NULL after making R the error. */
struct json_object *reply_take_json(const struct scgi *s, struct reply *r);

/* Gives the whole answer R an ETag of what it says, and makes it a 304 where the request S has that already. */
void reply_tag(struct reply *r, const struct scgi *s);

/* Adds a header. */
void reply_header(struct reply *r, const char *name, const char *value);

/* The whole answer as SCGI has it, into OUT; without the body for HEAD. */
void reply_print(const struct reply *r, bool head, struct buf *out);
void reply_free(struct reply *r);

/* --- route.c --- */

/* What a request is about. */
struct request {
	const struct scgi *scgi;
	const char *method;                      /* GET for HEAD */
	char words[API_WORDS_MAX][API_WORD_MAX]; /* of the path below /api/v1/, decoded */
	size_t count;
};

typedef void handler(struct api *api, const struct request *q, struct reply *r);

struct route {
	const char *method; /* GET, PUT */
	const char *path;   /* below /api/v1/: "batches/ * /selections", * for any word */
	handler *answer;
};

/*
 * Decides what becomes of the request S, of which the headers suffice: the one place that does. Returns its route among
 * the N of ROUTES and fills Q when its handler may run: the Host is ours, and with any method but GET and HEAD the
 * request comes from no other site's page and knows the token. Handlers check none of this. NULL when R is the answer:
 * an error, or what a browser asked beforehand.
 */
const struct route *route_request(const struct api *api, const struct route *routes, size_t n, const struct scgi *s,
				  struct request *q, struct reply *r);

/* --- auth.c: what route_request() asks --- */

/* Whether the request may be answered at all: it asks for a Host that is ours. False after making R the error. */
bool guard_host(const struct api *api, const struct scgi *s, struct reply *r);

/* Whether the request may write: it comes from no other site's page, and knows the token. False after making R the
 * error. */
bool guard_write(const struct api *api, const struct scgi *s, struct reply *r);

/* Whether it is a browser's question if a page of an origin that is let in may make a request: R is the answer then. */
bool guard_preflight(const struct api *api, const struct scgi *s, struct reply *r);

/* Adds to the answer R of the request S what pages of origins that are let in need, and with --csrf-cookie the token.
 * To be called of every answer, last. */
void guard_mark(const struct api *api, const struct scgi *s, struct reply *r);

/* --- request_answer.c --- */

/* Answers requests on the listening socket until it is closed. The exit code. */
int request_answer(struct api *api);

/* --- selections.c --- */

void selections_get(struct api *api, const struct request *q, struct reply *r);
void selections_put(struct api *api, const struct request *q, struct reply *r);

/* --- batch_cache.c --- */

/* A batch that was asked for, with what was read of it. */
struct kept_batch {
	char name[BATCH_NAME_MAX + 1];
	int dir;                     /* batches/NAME as it was; -1: this place is free */
	unsigned long long dev, ino; /* of that */
	struct batch *batch;
	struct json_object *about;       /* batch.json; NULL where it cannot be read */
	struct picks *picks;             /* NULL: not read yet; for kept_picks() */
	struct picks_subjects *subjects; /* the same; for kept_subjects() */
	uint64_t used;                   /* when it was asked for last */
	struct buf document;             /* of the version below */
	char version[64];
};

struct kept *kept_new(void);

/* The batch NAME; good until the next call. NULL with errno: ENOENT where there is no such batch. */
struct kept_batch *kept_get(struct kept *k, const struct root *root, const char *name);

/* What reviewers chose of it up to now, its picks. 0, or -1 with errno. */
int kept_picks(struct kept_batch *b);

/* Its subjects up to now, which only those who pick need. NULL with errno. */
const struct picks_subjects *kept_subjects(struct kept_batch *b);

struct notebook;
struct notebooks;

/* The notebook NAME, read up to now; good until the next call. NULL with errno: ENOENT where there is none. */
struct notebook *kept_notebook(struct kept *k, const struct root *root, const char *name);

/* The names of all notebooks. */
struct notebooks *kept_notebooks(struct kept *k, const struct root *root);

/* --- stream.c --- */

/* Answers requests for the status, and streams it, until the listening socket is closed. The exit code. */
int stream(struct api *api);

/* --- submit_server.c --- */

/* Takes what is handed in, until the listening socket is closed. The exit code. */
int submit_serve(struct api *api);

/* --- status_document.c: every batch's state as one document --- */

struct status;

struct status *status_new(const struct root *root);

/* Looks at the batches: at all, or at those that were touched, or whose rates are not 0 yet. 0, or -1 with errno. */
int status_look(struct status *s, bool all);

/* The batch NAME is to be looked at. */
void status_touch(struct status *s, const char *name);

/* Whether a rate is not 0, so that the document will change by itself. */
bool status_moves(const struct status *s);

/* The document as of the last look, one line without newline. */
const struct buf *status_document(const struct status *s);

/* Calls SEE for each batch known. */
void status_each(const struct status *s, void (*see)(const char *name, void *arg), void *arg);

#endif
