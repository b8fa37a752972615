/*
 * fetch: how bi-fetch is made.
 *
 *	lines -> intake -> wants -> plan (a queue a host) -> job -> settle -> records
 *
 * With --work there are no lines: worker.c wants the items of batches that were handed in (queue.h), several at once,
 *and ends each when nothing of it is left.
 *
 * intake.c turns lines into items of their batches and remembers what was asked for (wants). scheduler.c
 * takes wants in order, says at once what is settled already, and queues the rest by host; it starts jobs as
 * the limits allow. A job is one claimed item: http.c or local.c fills its body (body.c), verdict.c decides
 * what an answer means. Ended jobs meet in commit_queue.c; a thread (commit.c) types, names, syncs and records them a
 * group at a time. dispatch.c runs all the rest in one thread around epoll and libcurl's multi interface.
 *
 * A page that was asked for as media (page.c) comes back from that thread unrecorded, with what it shows; that becomes
 * items. Before the first of these is fetched from a site, robots_gate.c asks for its robots.txt. With --through every
 *job comes back once its file is published, goes through a filter (postprocess.c) and to that thread again, to be
 *recorded.
 */
#ifndef BI_FETCH_H
#define BI_FETCH_H

#include <curl/curl.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/hash.h"
#include "batch/batch.h"
#include "confined/type.h"
#include "files/atomic_file.h"
#include "files/root.h"
#include "hosts/host_rules.h"
#include "hosts/optout.h"
#include "records/rec.h"

struct through;

struct settings {
	const char *root, *batch;          /* NULL: as root_open() finds it; each line's own, else "default" */
	const char *category, *label;      /* of batches that are made; NULL: from their first item */
	long parallel, per_host, tries;    /* transfers at once, of one host (0: its rule's); attempts an item */
	double rate;                       /* starts a second of one host; 0: its rule's */
	long limit_rate;                   /* bytes a second of one host; 0: its rule's */
	long connect_ms, stall_ms, max_ms; /* timeouts; max_ms 0: none */
	long backoff_ms;                   /* before the second attempt; doubled for each further one */
	long give_up_ms;                   /* after which a host that refuses connections is left alone */
	long max_filesize;                 /* bytes of an item; 0: any */
	long max_media;                    /* of one page */
	long max_opt_outs;                 /* of one host, before its media are left alone; 0: any */
	const char *through;               /* the filter of results; NULL: none */
	long through_parallel, through_ms; /* of it at once (0: one a processor); how long an answer may take */
	const struct batch_retry *retry;   /* failures for good to be tried again; NULL: none */
	const char *accept;                /* media types; NULL: all */
	const char *user_agent, *contact;  /* NULL: ours; nobody to turn to */
	const char *cookie, *cookie_jar, *netrc_file, *proxy, *noproxy, *cacert;
	struct curl_slist *headers;
	bool resume; /* work on all of the batch, read no lines */
	bool work;   /* on what is in the queue; ONCE: until it is empty; STAND_BY: while no other does */
	bool once, stand_by;
	bool queue; /* hand lines in for a worker instead of fetching them */
	bool expand, yt_dlp, no_opt_out, public_only, netrc, compressed, insecure;
	bool json, quiet, no_sync, summary;
};

/* A batch that this run works on. */
struct target {
	struct batch *batch;
	unsigned char *busy; /* a bit an item: a job of this process has it */
	uint32_t busy_room;  /* items that BUSY has room for */
	uint32_t wanted_to;  /* --resume and --work: up to this number each item is wanted */
	char *notebook;      /* the batch's; NULL: none */
	bool public_only;    /* it is fetched from public addresses alone */
	size_t waiting;      /* items in runs, or held by others */
	size_t jobs;
	struct stray {
		uint32_t archive, item;
	} * strays;         /* members that were not completed when the first stored archive was met */
	size_t stray_count; /* they are in the order of their numbers */
	bool strays_found;
	bool left;      /* --work: something was left when it seemed done */
	bool cancelled; /* bi-clean cancels it */
	int64_t again;  /* --work: not looked at before this moment */
	struct target *next;
};

/* Queues of items, one a batch, from which they are taken in turn. Those that follow one another are one run. */
struct runs {
	struct lane {
		struct target *target;
		struct run {
			uint32_t first, count;
		} * at;
		size_t begin, end, room;
	} * lanes;
	size_t count, room, turn;
};

/* What an attempt came to. */
struct verdict {
	enum { GOT, REDIRECTED, AGAIN, FAILED } kind;
	const char *code; /* "http_404"; lives in the job or is constant */
	bool retryable;   /* FAILED: another run may try again */
	bool hold;        /* the whole host is to be left alone for the wait */
	long wait_ms;     /* AGAIN: the server's own wish (Retry-After), or 0 */
	char message[512];
};

/* What the server said in one attempt, beside the bytes of the item. */
struct answer {
	int64_t retry_after;             /* seconds; -1: nothing */
	int64_t range_from, range_total; /* of a Content-Range; -1: it has none, or does not say */
	size_t header_bytes;
	bool not_asked; /* the host is given up: nothing was asked */
	bool ranges, body_begun, bad_range, too_much;
	bool weak;           /* it has an ETag that does not tell bytes apart */
	size_t page_bytes;   /* of an error page */
	bool page_too_large; /* it was not read to its end */
	int64_t date;        /* the server's clock, in seconds; -1: it does not say */
	char validator[200]; /* for If-Range (RFC 9110, 13.1.5): a strong ETag or Last-Modified */
	char content_type[128];
	char blocked[64]; /* the kind of address that it would have led to */
	int no_socket;    /* the errno for which this machine gave no socket; 0: it did */
	struct buf error; /* the beginning of an error page */
};

struct body {
	struct atomic_file part;
	struct hash *hash;
	struct hasher *hasher; /* has the digest; NULL: it is here */
	off_t sync_begun;      /* up to here the kernel was told to begin to write to the disk */
	char *held;            /* the first bytes, not written yet; the file's head once they are */
	size_t held_len;       /* bytes in HELD */
	size_t held_room;
	bool spilled; /* HELD was written to the part */
	bool kept;    /* large: the part was named */
	char *piece;  /* what follows and is not written yet */
	size_t piece_len;
	uint64_t bytes;
	char sha256[HASH_HEX + 1];
};

struct host;

/* What is to be made of a job's bytes before it is recorded. */
enum aside { ASIDE_NONE, ASIDE_EXPAND, ASIDE_MEDIA, ASIDE_THROUGH };

struct job {
	struct fetch *fetch;
	struct target *target;
	uint32_t item;
	bool claimed;
	size_t weight; /* bytes of its line */
	struct json_object *asked;
	struct batch_place place;
	const char *url, *file; /* in ASKED: one of them, or neither for a line that was bad */
	char upload[12];        /* the name of its bytes in the batch's uploads/; "": it is none */
	char *userinfo;         /* that URL had; NULL: none */
	bool named;             /* the list names URL's host: it may get what the command line has for hosts */
	bool elsewhere;         /* redirects led to another host than URL's, if perhaps back again */
	char *at;               /* the URL after redirects; NULL: URL */
	struct host *host;
	int slot; /* of the host, while a transfer is under way */
	unsigned attempts, redirects;
	int64_t wake; /* when it is to be tried again */
	struct body body;
	struct answer answer;
	const char *found;       /* in ASKED: the page that showed it; NULL: asked for itself */
	bool page;               /* asked for as "media": a page that shows some, or a medium itself */
	char rule[OPTOUT_RULE];  /* what forbids it */
	char validator[200];     /* by which a part goes on; "": it begins anew */
	char from[HASH_HEX + 1]; /* with VALIDATOR: what its bytes were asked for by (http_asked) */
	int64_t resume_from;     /* the byte from which this attempt goes on; 0: it asks for all */
	bool left;               /* a part of it lies in temp/ that is of no use so far */
	bool paused;             /* until its host may be received from again */
	struct curl_slist *headers;
	CURL *easy;
	char curl_error[CURL_ERROR_SIZE];
	int source;                                   /* the local file; -1: none */
	int64_t source_size;                          /* of it; or as far as a part that was left is taken up */
	struct timespec source_time;                  /* when it was changed last */
	enum { BY_READING, BY_CLONE, BY_KERNEL } way; /* how it is copied */
	char code[32];
	struct verdict verdict;
	/* What the writer makes of it. */
	struct type_answer type;
	char name[SUBJECT_MAX + 32];      /* in the batch's files/ */
	uint32_t same_as;                 /* the item whose bytes these are, too; 0: none */
	const struct job *same_job;       /* that one, where it is of the same group */
	char same_file[SUBJECT_MAX + 32]; /* else its file */
	char *line;                       /* its result record */
	bool recorded;
	enum aside aside;
	bool expanded;             /* its bytes are not to be set aside again */
	unsigned troubles;         /* filters that somebody killed while they had it */
	bool filtered;             /* its file is published, and it went or goes through the filter */
	uint32_t archive;          /* the item that it is a member of; 0: of none */
	int64_t members;           /* of an archive that was expanded; -1: it was not */
	bool unsaid;               /* its record is said by whoever wants the item */
	struct media_found *media; /* of a page: what it shows */
	struct asking *asking;     /* for robots.txt: the transfer under way is that */
	struct json_object *more;  /* further members of its result */
	struct job *next, *prev;
};

struct job_list {
	struct job *first, *last;
	size_t count;
};

/* A place that items come from, with its queue: HOST:PORT, or "" for this machine's files. */
struct host {
	char *name;
	unsigned active, cap;
	struct host_rule rule;       /* what is known of it beforehand */
	struct host_limit *governed; /* NULL for this machine's files */
	int64_t bandwidth;           /* bytes a second of all processes; 0: any */
	int64_t dry_until;           /* no more is received of it before this moment */
	int64_t refused_since;       /* it has refused connections since then, and answered none; 0: no */
	int64_t refused_last;        /* when it did last */
	long opt_outs;               /* media that its headers forbade */
	char *refusal;               /* why nothing more is asked of it; NULL: nothing is wrong */
	struct job_list queue;
	struct runs parked;         /* behind those of the queue, known by number alone */
	int64_t due;                /* not before this moment; 0: at any */
	struct host *next;          /* in its bucket */
	struct host *next_waiting;  /* with a due */
	struct host *turn, *before; /* in the ring of hosts that may start a job */
	bool in_turn;
	struct host *idle_next, *idle_before; /* in the list of those with nothing to do */
	bool idle;
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

enum { HOST_BUCKETS = 1024, KEPT_MAX = 64 };

struct fetch {
	const struct settings *set;
	struct root root;
	int temp;             /* the root's temp/ */
	bool parts_left;      /* there are parts in it that have names */
	int64_t parts_looked; /* when that was looked for */
	struct rec_reader *reader;
	bool intake_open; /* more lines may come */
	bool person;      /* stdout is a terminal: sentences, not records */
	bool records;     /* what is made of lines is written to stdout */
	bool watched;     /* stderr is one: the progress line is drawn */
	struct target *targets;
	struct target *last_target; /* of the last good line */
	struct work *work;          /* NULL: lines are read, or a batch resumed */

	struct runs wants; /* asked for and not yet looked at */
	struct want {
		struct target *target;
		uint32_t item;
	} * held; /* waiting for other processes, or for our own job of the same item */
	size_t held_count, held_room, held_at;
	int64_t held_next; /* when to look at them again */

	struct host *hosts[HOST_BUCKETS];
	struct host *turn;             /* the ring's next */
	struct host *waiting;          /* for a moment */
	struct host *idle, *last_idle; /* with nothing to do, but worth remembering; the longest idle first */
	size_t idle_count;
	struct host_limits *governor;
	struct kept_slot {
		struct host *host;
		int slot;
	} kept[KEPT_MAX]; /* slots of transfers that have just ended */
	size_t kept_count;
	struct host_rules *rules;     /* hosts.conf */
	size_t queued, queued_weight; /* jobs, bytes */
	size_t parked;                /* runs of items */
	unsigned active;
	struct job **sleeping; /* a heap by wake */
	size_t sleeping_count, sleeping_room;

	struct job_list http;  /* under way */
	struct job_list local; /* under way, copied a piece a turn, or parts of theirs that are taken up */
	struct job_list ended; /* waiting for the writer */
	size_t ended_bytes;    /* of them, in memory */
	struct group *group;   /* the writer has it; NULL: it is idle */
	struct expansion *expansions;
	size_t expanding; /* of them, those that are not over */
	struct writer *writer;
	struct hasher *hasher;   /* started when it is first needed */
	struct through *through; /* NULL: results go through no filter */
	struct known *robots;    /* what origins' robots.txt said */

	CURLM *multi;
	CURLSH *share; /* cookies, where they are kept; NULL: nothing is shared */
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
	int64_t cancel_due;   /* when batches are next asked whether they are cancelled */
	int fatal;            /* an errno that ends the run */
	int fatal_code;       /* the exit code that it ends with; 0: what the errno stands for */
	const char *fatal_at; /* doing what */
};

/* options.c */
char **options_read(struct settings *set, int argc, char **argv); /* returns the operands */

/* dispatch.c */
int fetch_run(const struct settings *set, char **operands); /* returns the exit code */
void loop_note_signal(struct fetch *f);                     /* takes it from the signalfd */
void fetch_fail(struct fetch *f, const char *doing);        /* notes errno: the run ends after this turn */

/* intake.c */
void intake_turn(struct fetch *f); /* takes up to a block of lines that are there */
void intake_all(struct fetch *f);  /* --resume: all items of the batch are wanted */

/* open_batches.c */
struct target *target_find(const struct fetch *f, const char *name); /* NULL: it is not open */
struct target *target_open(struct fetch *f, const char *name, const struct batch_metadata *about); /* NULL with errno */
struct target *target_of(struct fetch *f, const char *name,
			 const struct batch_metadata *about); /* NULL: fetch_fail() */
void target_close(struct fetch *f, struct target *t);         /* nothing is to do for it */
bool target_busy(const struct target *t, uint32_t item);
void target_set_busy(struct target *t, uint32_t item, bool busy);
void targets_close(struct fetch *f);

/* worker.c: batches from the queue */
void work_wait(struct fetch *f); /* until it may work; ends the program where that cannot be done */
void work_begin(struct fetch *f);
void work_turn(struct fetch *f);          /* takes batches from the queue, ends those that are done */
bool work_has(struct fetch *f, int fd);   /* it tells of the queue; notes that it did */
bool work_is_open(const struct fetch *f); /* more may come */
int work_trouble(const struct fetch *f);  /* the exit code of a batch that was left in the queue for trouble, else 0 */
int64_t work_due(const struct fetch *f);  /* when work_turn() is next worth calling; -1: not by time */
void work_end(struct fetch *f);

/* run_queue.c: the first two return how many runs more or fewer there are */
size_t runs_add(struct runs *r, struct target *t, uint32_t item);
size_t runs_take(struct runs *r, struct target **t, uint32_t *item); /* not of an empty queue */
bool runs_empty(const struct runs *r);
void runs_free(struct runs *r);

/* host.c */
struct host *host_of_job(struct fetch *f, const struct job *j); /* made where it is new */
void host_settle(struct fetch *f, struct host *h); /* into the ring, out of it, or freed when nobody needs it */
bool host_slot(struct fetch *f, struct host *h, int *slot); /* false: it waits, out of the ring */
void host_give_back(struct host *h, int slot);
void host_keep(struct fetch *f, struct host *h, int slot); /* for the host's next transfer of this turn */
void hosts_give_back_kept(struct fetch *f);
void host_wait(struct fetch *f, struct host *h, int64_t due); /* not before DUE; 0: no more */
void host_hold(struct fetch *f, struct host *h, long ms);     /* for every process */
void host_refuse(struct host *h, const char *why);            /* nothing more is asked of it in this run */
bool host_spend(struct fetch *f, struct host *h, size_t n);   /* N bytes came in */
void hosts_wake(struct fetch *f);                             /* those whose moment has come */
int64_t hosts_due(const struct fetch *f);                     /* the first such moment; -1: none */
/* Calls DO with each host there is, which may vanish by it. */
void hosts_each(struct fetch *f, void (*act)(struct fetch *f, struct host *h, struct target *t), struct target *t);
void hosts_drop_all(struct fetch *f);

/* scheduler.c */
void plan_want(struct fetch *f, struct target *t, uint32_t item);
void plan_turn(struct fetch *f); /* looks at wants, wakes sleepers, starts what may start */
bool plan_is_empty(const struct fetch *f);
void plan_again(struct fetch *f, struct job *j, long wait_ms); /* sleeps, then tries again */
void plan_requeue(struct fetch *f, struct job *j);             /* to the queue of its (new) host, at the front */
void plan_begin(struct fetch *f, struct job *j);               /* to the end of it: a job that is claimed */
void plan_left(struct fetch *f, struct job *j);                /* it no longer uses its host */
int64_t plan_due(const struct fetch *f);             /* when plan_turn() is next worth calling; -1: not by time */
void plan_drop_all(struct fetch *f);                 /* frees what is queued and asleep; claims are let go */
void plan_let_go(struct fetch *f, struct target *t); /* begins nothing more of T, which is cancelled */

/* cancel.c */
void cancel_turn(struct fetch *f); /* asks now and then whether batches are cancelled, and lets go of those */
bool cancel_judge(struct job *j);  /* makes a job of a cancelled batch one that FAILED; false: it is not cancelled */

/* job.c */
struct job *job_new(struct fetch *f, struct target *t, uint32_t item); /* NULL: fetch_fail() was called */
uint32_t job_archive(struct json_object *asked); /* the item of the archive that an item is a member of; 0: of none */
void job_free(struct job *j);
void job_ended(struct job *j); /* an attempt is over: VERDICT says how; frees or moves the job */
void job_list_add(struct job_list *l, struct job *j);
void job_list_push(struct job_list *l, struct job *j);
void job_list_cut(struct job_list *l, struct job *j);

/* body.c */
/* N bytes more; EXPECTED: how many come in all, as far as is known, else 0. */
int body_add(struct body *b, struct job *j, const void *bytes, size_t n, size_t expected);
int body_end(struct body *b, struct job *j);     /* all bytes are there: finished, or left to the writer */
int body_finish(struct body *b, struct job *j);  /* all is written and hashed from here on */
size_t body_unwritten(const struct body *b);     /* the bytes in memory that body_finish() would write */
int body_flush(struct body *b, struct fetch *f); /* what came so far is written, nothing held but the head */
size_t body_piece(const struct settings *set);   /* the bytes that are received and written at once */
int body_open(struct body *b, struct job *j);    /* opens its part, for whoever fills it himself */
int body_read(struct body *b, struct job *j, uint64_t end, size_t most); /* takes in what its part has, up to END */
int body_seek(struct body *b);    /* what follows is written behind the bytes that count; others are cut off */
void body_forget(struct body *b); /* it is published: what is in memory is freed, its length and digest stay */
void body_drop(struct body *b);
void body_leave(struct body *b,
		struct fetch *f); /* the same, but a part by which another run can go on stays in temp/ */
int body_restart(struct body *b); /* what came before does not count */

/* resume.c: large parts that killed and stopped runs left in temp/ */
void left_keep(struct job *j);  /* names the part of a body under way, with a note of what it is */
bool left_begin(struct job *j); /* takes up what was left of J, in turns: its attempt begins later. False: nothing */
void left_turn(struct job *j);  /* reads some of it */
void left_drop(struct job *j);  /* what was left is of no use */

/* http.c */
CURL *http_easy(struct fetch *f); /* a handle of its own, for whoever cleans it up */
void http_begin(struct job *j);
void http_guard(CURL *easy,
		struct job *j);         /* its sockets are ours: to no address that J is kept from, and see no_socket */
void http_share_cookies(struct job *j); /* J's handle has those of all transfers, or none where J is strangers' */
bool job_is_public_only(const struct job *j);
/* Whether J's batch needs public addresses, a proxy looks names up, and URL has another address than these by itself.
 * J's answer then says which. */
bool http_is_blocked_by_name(struct job *j, const char *url);
/* The same of where the Location of the answer under way leads, for a transfer whose redirects libcurl follows. */
bool http_redirect_is_blocked(struct job *j, const char *location);
void http_asked(const struct job *j, char hex[HASH_HEX + 1]); /* a digest of the URL and what else tells its bytes */
bool http_may_go_on(const struct job *j);                     /* as far as the options allow */
const char *http_validator(const struct job *j); /* by which the body under way can be gone on with; "": by none */
void http_done(struct fetch *f, CURL *easy, CURLcode code);
void http_turn(struct fetch *f);         /* goes on with transfers that were paused */
int64_t http_due(const struct fetch *f); /* when that is next worth calling; -1: none is paused */
void http_drop_all(struct fetch *f);     /* ends what is under way; frees the spare handles */

/* local.c */
void local_begin(struct job *j);
bool local_is(const struct job *j); /* its bytes are a file of this machine */
void local_turn(struct fetch *f);   /* copies a piece of each local file under way */

/* upload.c: what was handed in as bytes */
int upload_open(struct job *j);                        /* its file is J's part, to be read. 0 or -1 */
int upload_publish(struct job *j, int dir, bool sync); /* gives the part its name in DIR. 0 or -1 */
void upload_settled(const struct job *j);              /* J is recorded: its file is not needed any more */
int upload_sweep(const struct target *t);              /* removes those of items that are settled. 0 or -1 */

/* verdict.c */
void judge_http(struct job *j, CURLcode code, long status, const char *location);
void judge_fail(struct job *j, bool again, const char *code, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* Fails a job that was GOT, with system_error and the message WHAT: it may be tried again. */
void judge_trouble(struct job *j, const char *what);

/* retry.c */
bool retry_parse(const char *what, struct batch_retry *out); /* "failed", "status=404,5xx"; false: neither */

/* validate.c */
void
check_arrived(struct job *j); /* makes a job that was GOT one that FAILED where the bytes are not what was asked for */

/* archive_items.c */
void expansion_begin(struct fetch *f, struct job *j);         /* expands an archive that was fetched, then settles it */
bool expansion_awaited(struct fetch *f, const struct job *j); /* J is a member, and its archive is not settled */
/* The result LINE of the archive ITEM was stored before: its members that are still to be done are added to the run. */
void expansion_stored(struct fetch *f, struct target *t, uint32_t item, const char *line, size_t n);
void expansion_again(struct fetch *f, struct job *j); /* J is one, claimed and pending though that is settled */
void expansion_turn(struct fetch *f);                 /* takes what has been unpacked */
bool expansion_is_empty(const struct fetch *f);
bool expansion_is_full(const struct fetch *f);     /* enough archives wait: start nothing more */
int64_t expansion_due(const struct fetch *f);      /* when expansion_turn() is next worth calling; -1: not by time */
bool expansion_has(const struct fetch *f, int fd); /* it is watched for an expansion */
size_t expansion_kept(const struct fetch *f, const struct target *t); /* jobs of T that are only remembered... */
void expansion_forget(struct fetch *f, const struct target *t);       /* ...and no longer */
void expansion_drop_all(struct fetch *f);                             /* claims are let go */

/* commit_queue.c */
void settle_add(struct fetch *f, struct job *j); /* its verdict is final */
void settle_turn(struct fetch *f);               /* says what is recorded, hands the writer the next group */
void settle_all(struct fetch *f);                /* until all that has ended is recorded */
bool settle_is_behind(const struct fetch *f);    /* the disk is: end nothing more that can wait */
bool settle_is_full(const struct fetch *f);      /* it is, or the filters are: start nothing more */
bool settle_is_empty(const struct fetch *f);
/* Says what is recorded of an item; a worker does not. */
void settle_stored(struct fetch *f, struct target *t, uint32_t item);

/* postprocess.c: published files' records on their way through --through PROGRAM */
void through_open(struct fetch *f);               /* starts the first; ends the program where that cannot be done */
void through_add(struct fetch *f, struct job *j); /* J is settled again once it is answered */
void through_turn(struct fetch *f);               /* takes answers, gives what there is room for */
bool through_has(struct fetch *f, int fd);        /* it is watched for a filter; notes that it is ready */
int64_t through_due(const struct fetch *f);       /* when through_turn() is next worth calling; -1: not by time */
bool through_is_empty(const struct fetch *f);
bool through_is_full(const struct fetch *f); /* they are behind: start nothing more */
void through_end(struct fetch *f);           /* lets them come to their end; STOP_SIGNAL where one came first */
void through_drop_all(struct fetch *f);      /* ends them; what they have stays pending */

/* result_record.c */
char *outcome_line(const struct job *j); /* the result record; freed by the caller */

/* output.c */
void out_record(struct fetch *f, const char *record, size_t n);
void out_flush(struct fetch *f);         /* what stdout takes without waiting */
void out_flush_all(struct fetch *f);     /* waits until it has all, or a signal comes */
bool out_is_full(const struct fetch *f); /* nobody reads: begin nothing more */

/* stats.c */
void tally_draw(struct fetch *f); /* the progress line, on a terminal */
void tally_say(struct fetch *f, const char *record, size_t n, bool completed,
	       bool now); /* one line asked for has its record; NOW: it was made now */
int tally_end(struct fetch *f,
	      bool cut); /* the end record or sentence; the exit code. CUT: those before us failed, or were cut short */

#endif
