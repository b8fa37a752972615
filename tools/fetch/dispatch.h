/*
 * dispatch: which stage of bi-fetch follows which.
 *
 *	lists -> intake, or worker -> wants -> scheduler -> http, local, resume, take_part -> verdict -> commit ->
 *output, stats
 *
 * Each stage has its own struct and header, and does not know the stages behind it. A stage is given work by a function
 * call, continues in the loop (base/loop.h), and adds finished work to lists. dispatch.c empties these lists, but the
 * scheduler takes the wanted items itself, as it needs them. main_loop.c gives the stages their turns.
 *
 * A job is one item. The scheduler claims it and gives it a slot of its host. http.c or local.c fills its body
 * (body.h), as far as stop_conditions.h allows. verdict.c decides what the answer means. Jobs that are over go to the
 * commit queue, and from there in groups to a thread (commit.h), which types, validates, names, syncs and records them.
 * A completed item that is asked for again (update.h) passes the same stages; what is recorded counts until it has a
 * new result. A result that was stored before is printed at once (later_rules.h says whether it fits the options).
 *
 * The thread returns some jobs unrecorded: pages whose media become items (page.h), archives whose members become
 * items (archive_items.h), and with --through each published file (postprocess.h). These jobs come to the commit queue
 * a second time. It also returns jobs that are tried again, and updates that have no new result.
 */
#ifndef BI_DISPATCH_H
#define BI_DISPATCH_H

#include "archive_items.h"
#include "commit_queue.h"
#include "host.h"
#include "http.h"
#include "local.h"
#include "output.h"
#include "postprocess.h"
#include "resume.h"
#include "robots_gate.h"
#include "scheduler.h"
#include "stats.h"
#include "take_part.h"
#include "worker.h"

/* The stages of a run, and what they hand on. */
struct dispatch {
	struct run run;
	struct body_store bodies;
	struct open_batches batches;
	struct worker *worker; /* NULL: not --work */
	struct host_table *hosts;
	struct scheduler *scheduler;
	struct transfers *transfers;
	struct http *http;
	struct robots_gate *robots;
	struct resume *resume;
	struct local *local;
	struct archives *archives;
	struct from_parts *parts;        /* NULL: no --from */
	struct take_part *take;          /* likewise */
	struct postprocess *postprocess; /* NULL: results go through no filter */
	struct commit_queue *commits;
	struct output output;
	struct stats stats;
	bool records; /* what is made of lines is written to stdout */

	/* For stored.c, which keeps their memory: results as they are stored, one of them, and its record. */
	struct buf stored_text, stored_line, record;

	/* What stages have done, and what comes next. */
	struct run_queue wants;   /* items for the scheduler */
	struct run_queue stored;  /* items that have a result */
	struct job_list new;      /* for the parts of --from, not claimed */
	struct job_list missed;   /* claimed, but no part has them after all */
	struct job_list members;  /* members of archives, not claimed */
	struct job_list answered; /* an attempt at a URL is over */
	struct job_list finished; /* an attempt is over, and has its verdict */
	struct job_list ended;    /* with a final verdict, to be committed */
};

/* Begins an attempt of J, which the scheduler has returned with a slot. */
void dispatch_begin(struct dispatch *d, struct job *j);

/* Hands on what stages have done, until all of it is where it belongs. */
void dispatch_hand_on(struct dispatch *d);

/* Takes a group that the writer has done, if there is one; WAIT: waits for the one that it has. Prints and counts its
 * results. */
void dispatch_take_group(struct dispatch *d, bool wait);

/* Waits until all that has ended is recorded, or run_fail() was called. */
void dispatch_commit_all(struct dispatch *d);

#endif
