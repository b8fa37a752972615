/*
 * job: one item on its way through the stages. A job is in one stage at a time, which has it in a list of its own.
 */
#ifndef BI_JOB_H
#define BI_JOB_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "batch/batch.h"
#include "body.h"
#include "confined/type.h"
#include "hosts/optout.h"
#include "http_answer.h"
#include "open_batches.h"
#include "run_state.h"
#include "verdict.h"

struct host;
struct media_found;
struct taken;
struct update;

/* What is to be made of a job's bytes before it is recorded. */
enum aside { ASIDE_NONE, ASIDE_EXPAND, ASIDE_MEDIA, ASIDE_THROUGH, ASIDE_RETRY, ASIDE_UPDATE };

struct job {
	struct run *run;
	struct target *target;
	uint32_t item;
	bool claimed;
	bool claimed_now; /* for the turn that its host has */
	bool ahead;       /* claimed together with its neighbour, and not begun: it can be given back */
	bool unsaid;      /* its record is said for another job of the item, or not at all */
	size_t weight;    /* bytes in memory, about */

	/* what was asked for */
	struct json_object *asked; /* its line */
	struct batch_place place;
	const char *url, *file; /* in ASKED: one of them, or neither for a line that was bad */
	const char *found;      /* in ASKED: the page that showed it; NULL: asked for itself */
	bool page;              /* asked for as "media": a page that shows some, or a medium itself */
	char upload[12];        /* the name of its bytes in the batch's uploads/; "": it is none */
	uint32_t archive;       /* the item that it is a member of; 0: of none */
	char *userinfo;         /* that URL had; NULL: none */
	char *headers;          /* of its requests, a line each; NULL: none */
	struct taken *taken;    /* from_parts.h: it is taken from a part; NULL: it is not */
	struct update *update;  /* update.h: it is completed, and asked for again; NULL: it is not */
	bool named;             /* the list names URL's host: it may get what the command line has for hosts */

	/* scheduler and transfer */
	struct host *host; /* NULL: it is in no queue and has no slot */
	int slot;          /* of the host, while a transfer is under way */
	unsigned attempts, redirects;
	char *ascii;                /* URL as it is asked for; NULL: as it is */
	char *at;                   /* the URL after redirects; NULL: URL */
	bool elsewhere;             /* redirects led to another host than URL's, if perhaps back again */
	struct curl_slist *cookies; /* that redirects have set, for the rest of them */
	long auth_scheme;           /* by which names and passwords are sent, CURLAUTH_...; 0: Basic */
	bool asks_robots;           /* its turn is used to ask for robots.txt */
	char rule[OPTOUT_RULE];     /* what forbids it */
	struct answer answer;
	struct body body;
	int64_t total;               /* resume.c: of how many bytes the body is the beginning; -1: not known */
	char validator[200];         /* resume.c: by which the body can be gone on with; "": it begins anew */
	char asked_by[HASH_HEX + 1]; /* resume.c: with VALIDATOR: what the body was asked for by */
	bool left;                   /* resume.c: a part of it lies in temp/ that is of no use so far */
	uint64_t left_length;        /* resume.c: as far as that is taken up */

	/* stop_conditions.c */
	struct stop_share share;
	bool stays_pending; /* it ends without a result */
	bool over_total;    /* it has more bytes than --max-total allows for all */

	/* its end */
	struct verdict verdict;
	char code[32]; /* room for VERDICT's */
	struct type_answer type;
	char name[SUBJECT_MAX + 48];      /* in the batch's files/ */
	uint32_t same_as;                 /* the item whose bytes these are, too; 0: none */
	const struct job *same_job;       /* that one, where it is of the same group */
	char same_file[SUBJECT_MAX + 48]; /* else its file */
	enum aside aside;
	bool expanded;             /* its bytes are not to be set aside again */
	int64_t members;           /* of an archive that was expanded; -1: it was not */
	struct media_found *media; /* of a page: what it shows */
	const char *warning;       /* a constant that its result has as "warning"; NULL: none */
	struct json_object *more;  /* further members of its result */
	bool filtered;             /* its file is published, and it went or goes through the filter */
	unsigned troubles;         /* filters that somebody killed while they had it */
	char *line;                /* its result record */
	bool recorded;

	struct job *next, *prev;
};

/* Reads item ITEM of T as a job without a claim. NULL after run_fail(). */
struct job *job_new(struct run *run, struct target *t, uint32_t item);

/* Releases its claim and frees it. If a signal ends the run, a part that another run can continue stays. */
void job_free(struct job *j);

/* Claims the item of J, as batch_claim() does. Also returns CLAIM_HELD if another job of this process has the item. */
enum batch_claim job_claim(struct job *j);

/* Notes that the item of J is claimed. */
void job_note_claimed(struct job *j);

/* Releases the claim, while J waits: another process may take the item. */
void job_release_claim(struct job *j);

/* Frees the media that were found on a page. */
void job_drop_media(struct job *j);

/* Whether it may be fetched from public addresses alone. */
bool job_is_public_only(const struct job *j);

/* Returns the URL to ask for now: after redirects, if there were any. */
static inline const char *
job_url(const struct job *j)
{
	return j->at ? j->at : j->ascii ? j->ascii : j->url;
}

/* Forgets where redirects led: the next attempt asks for URL itself. */
void job_forget_redirects(struct job *j);

/* Returns how many bytes it keeps in memory until it is recorded: of its file and of its result record. */
size_t job_unwritten(const struct job *j);

/* Returns the item of the archive that the item ASKED is a member of, or 0. */
uint32_t job_archive_of(struct json_object *asked);

struct job_list {
	struct job *first, *last;
	size_t count;
};

void job_list_add(struct job_list *l, struct job *j);  /* at the end */
void job_list_push(struct job_list *l, struct job *j); /* at the front */
void job_list_cut(struct job_list *l, struct job *j);
struct job *job_list_take(struct job_list *l); /* cuts off the first; NULL: it is empty */

/* How much a stage may hand on, before the run is to wait for the disk or for a reader. */
struct room {
	size_t jobs, bytes; /* ended jobs that the commit queue takes, and bytes of them in memory */
	bool output;        /* records are read as fast as they are written */
};

bool room_is_full(const struct room *r, size_t jobs, size_t bytes); /* for the JOBS and BYTES that wait already */

#endif
