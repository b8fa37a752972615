/*
 * fetch: how bi-fetch is made.
 *
 *	lines -> intake -> wants -> plan (a queue a host) -> job -> settle -> records
 *
 * intake.c turns lines into items of their batches and remembers what was asked for (wants). plan.c
 * takes wants in order, says at once what is settled already, and queues the rest by host; it starts jobs as
 * the limits allow. A job is one claimed item: http.c or local.c fills its body (body.c), judge.c decides
 * what an answer means. Ended jobs meet in settle.c; a thread (group.c) types, names, syncs and records them a
 * group at a time. loop.c runs all the rest in one thread around epoll and libcurl's multi interface.
 */
#ifndef BI_FETCH_H
#define BI_FETCH_H

#include <curl/curl.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "batch.h"
#include "clock.h"
#include "hash.h"
#include "part.h"
#include "rec.h"
#include "root.h"
#include "type.h"

struct settings {
	const char *root, *batch;          /* NULL: as root_open() finds it; each line's own, else "default" */
	const char *category, *label;      /* of batches that are made; NULL: from their first item */
	long parallel, per_host, tries;    /* transfers at once, of one host; attempts an item */
	long connect_ms, stall_ms, max_ms; /* timeouts; max_ms 0: none */
	long backoff_ms;                   /* before the second attempt; doubled for each further one */
	bool resume;                       /* work on all of the batch, read no lines */
	bool retry;                        /* try permanent failures again too */
	bool json, quiet, no_sync;
};

/* A batch that this run works on. */
struct target {
	struct batch *batch;
	unsigned char *busy; /* a bit an item: a job of this process has it */
	uint32_t busy_room;  /* items that BUSY has room for */
	struct target *next;
};

/* Items asked for and not yet looked at: COUNT of them from FIRST on. */
struct run {
	struct target *target;
	uint32_t first, count;
};

/* What an attempt came to. */
struct verdict {
	enum { GOT, REDIRECTED, AGAIN, FAILED } kind;
	const char *code; /* "http_404"; lives in the job or is constant */
	bool retryable;   /* FAILED: another run may try again */
	long wait_ms;     /* AGAIN: the server's own wish (Retry-After), or 0 */
	char message[512];
};

struct body {
	struct part part;
	struct hash *hash;
	char *held;      /* what is not written yet; the file's head once it is */
	size_t held_len; /* bytes in HELD */
	bool spilled;    /* HELD was written to the part, and holds its first bytes */
	uint64_t bytes;
	char sha256[HASH_HEX + 1];
};

struct host;

struct job {
	struct fetch *fetch;
	struct target *target;
	uint32_t item;
	bool claimed;
	size_t weight; /* bytes of its line */
	struct json_object *asked;
	struct batch_place place;
	const char *url, *file; /* in ASKED: one of them, or neither for a line that was bad */
	char *at;               /* the URL after redirects; NULL: URL */
	struct host *host;
	unsigned attempts, redirects;
	int64_t wake; /* when it is to be tried again */
	struct body body;
	CURL *easy;
	char curl_error[CURL_ERROR_SIZE];
	int source; /* the local file; -1: none */
	int64_t source_size;
	char code[32];
	struct verdict verdict;
	/* What the writer makes of it. */
	struct type_answer type;
	char name[SUBJECT_LONGEST + 32]; /* in the batch's files/ */
	char *line;                      /* its result record */
	bool recorded;
	struct job *next, *prev;
};

struct job_list {
	struct job *first, *last;
	size_t count;
};

/* A place that items come from, with its queue: HOST:PORT, or "" for this machine's files. */
struct host {
	char *name;
	unsigned active;
	struct job_list queue;
	struct host *next;          /* in its bucket */
	struct host *turn, *before; /* in the ring of hosts that may start a job */
	bool in_turn;
};

struct tally {
	uint64_t asked, completed, failed, bytes;
	uint64_t not_tried; /* of those that failed: in an earlier run, for good */
	struct kind {
		char code[32];
		uint64_t count;
	} kinds[24]; /* failures by their code; what has no room is in the last one, "other" */
	int64_t started;
	int64_t drawn; /* when the progress line was drawn last */
	/* The rate shown is reckoned from RATE_SINCE on; MARK is where the next one begins. */
	int64_t rate_since, rate_mark;
	uint64_t rate_bytes, rate_done, mark_bytes, mark_done;
};

enum { HOST_BUCKETS = 1024 };

struct fetch {
	const struct settings *set;
	struct root root;
	int temp; /* the root's temp/ */
	struct rec_reader *reader;
	bool intake_open; /* more lines may come */
	bool person;      /* stdout is a terminal: sentences, not records */
	struct target *targets;
	struct target *last_target; /* of the last good line */

	struct run *runs; /* a queue: from run_at to run_end */
	size_t run_at, run_end, run_room;
	struct want {
		struct target *target;
		uint32_t item;
	} * held; /* waiting for other processes, or for our own job of the same item */
	size_t held_count, held_room, held_at;
	int64_t held_next; /* when to look at them again */

	struct host *hosts[HOST_BUCKETS];
	struct host *turn; /* the ring's next */
	size_t queued, queued_weight;
	unsigned active;
	struct job **sleeping; /* a heap by wake */
	size_t sleeping_count, sleeping_room;

	struct job_list http;  /* under way */
	struct job_list local; /* under way, copied a piece a turn */
	struct job_list ended; /* waiting for the writer */
	struct group *group;   /* the writer has it; NULL: it is idle */
	struct writer *writer;

	CURLM *multi;
	int epoll, signals, group_done;
	int64_t curl_due; /* -1: never */
	bool stdin_polled;
	CURL **spare;
	size_t spare_count;

	struct buf out; /* records that stdout has not taken yet, from OUT_AT on */
	size_t out_at;
	bool out_watched;
	struct tally tally;
	int stop_signal;
	int fatal;            /* an errno that ends the run */
	const char *fatal_at; /* doing what */
};

/* loop.c */
int fetch_run(const struct settings *set, char **operands); /* returns the exit code */
void loop_note_signal(struct fetch *f);                     /* takes it from the signalfd */
void fetch_fail(struct fetch *f, const char *doing);        /* notes errno: the run ends after this turn */

/* intake.c */
void intake_turn(struct fetch *f); /* takes up to a block of lines that are there */
void intake_all(struct fetch *f);  /* --resume: all items of the batch are wanted */

/* targets.c */
struct target *target_of(struct fetch *f, const char *name, const struct batch_about *about);
bool target_busy(const struct target *t, uint32_t item);
void target_set_busy(struct target *t, uint32_t item, bool busy);
void targets_close(struct fetch *f);

/* plan.c */
void plan_want(struct fetch *f, struct target *t, uint32_t item);
void plan_turn(struct fetch *f); /* looks at wants, wakes sleepers, starts what may start */
bool plan_is_empty(const struct fetch *f);
void plan_again(struct fetch *f, struct job *j, long wait_ms); /* sleeps, then tries again */
void plan_requeue(struct fetch *f, struct job *j);             /* to the queue of its (new) host, at the front */
void plan_left(struct fetch *f, struct job *j);                /* it no longer uses its host */
int64_t plan_due(const struct fetch *f); /* when plan_turn() is next worth calling; -1: not by time */
void plan_drop_all(struct fetch *f);     /* frees what is queued and asleep; claims are let go */

/* job.c */
struct job *job_new(struct fetch *f, struct target *t, uint32_t item); /* NULL: fetch_fail() was called */
void job_free(struct job *j);
void job_ended(struct job *j); /* an attempt is over: VERDICT says how; frees or moves the job */
void job_list_add(struct job_list *l, struct job *j);
void job_list_push(struct job_list *l, struct job *j);
void job_list_cut(struct job_list *l, struct job *j);

/* body.c */
int body_add(struct body *b, struct job *j, const void *bytes, size_t n);
int body_end(struct body *b, struct job *j); /* all bytes are there: written, hashed */
void body_drop(struct body *b);

/* http.c */
void http_begin(struct job *j);
void http_done(struct fetch *f, CURL *easy, CURLcode code);
void http_drop_all(struct fetch *f); /* ends what is under way; frees the spare handles */

/* local.c */
void local_begin(struct job *j);
void local_turn(struct fetch *f); /* copies a piece of each local file under way */

/* judge.c */
void judge_http(struct job *j, CURLcode code, long status, const char *location, curl_off_t retry_after);
void judge_fail(struct job *j, bool again, const char *code, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* settle.c */
void settle_add(struct fetch *f, struct job *j); /* its verdict is final */
void settle_turn(struct fetch *f);               /* says what is recorded, hands the writer the next group */
void settle_all(struct fetch *f);                /* until all that has ended is recorded */
bool settle_is_full(const struct fetch *f);      /* the disk is behind the network: start nothing more */
bool settle_is_empty(const struct fetch *f);
void settle_stored(struct fetch *f, struct target *t, uint32_t item); /* says what is recorded of an item */

/* outcome.c */
char *outcome_line(const struct job *j); /* the result record; freed by the caller */

/* out.c */
void out_record(struct fetch *f, const char *record, size_t n);
void out_flush(struct fetch *f);         /* what stdout takes without waiting */
void out_flush_all(struct fetch *f);     /* waits until it has all, or a signal comes */
bool out_is_full(const struct fetch *f); /* nobody reads: begin nothing more */

/* tally.c */
void tally_draw(struct fetch *f); /* the progress line, on a terminal */
void tally_say(struct fetch *f, const char *record, size_t n, bool completed,
	       bool now); /* one line asked for has its record; NOW: it was made now */
int tally_end(struct fetch *f,
	      bool cut); /* the end record or sentence; the exit code. CUT: those before us failed, or were cut short */

#endif
