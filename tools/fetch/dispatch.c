#include "dispatch.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "archive_items.h"
#include "base/clock.h"
#include "base/msg.h"
#include "base/paths.h"
#include "base/trouble.h"
#include "base/utf8.h"
#include "commit_queue.h"
#include "go_on.h"
#include "host.h"
#include "hosts/http_policy.h"
#include "http.h"
#include "intake.h"
#include "later_rules.h"
#include "local.h"
#include "output.h"
#include "page.h"
#include "postprocess.h"
#include "records/rec.h"
#include "result_record.h"
#include "resume.h"
#include "robots_gate.h"
#include "save.h"
#include "scheduler.h"
#include "stats.h"
#include "update.h"
#include "upload.h"
#include "waits.h"
#include "worker.h"

enum { LOOK_A_TURN = 512, CANCEL_MS = 1000 };

struct dispatch {
	struct run run;
	struct body_store bodies;
	struct open_batches batches;
	struct intake *intake; /* NULL: no lines are read */
	struct worker *worker; /* NULL: not --work */
	struct host_table *hosts;
	struct scheduler *scheduler;
	struct transfers *transfers;
	struct http *http;
	struct robots_gate *robots;
	struct resume *resume;
	struct local *local;
	struct archives *archives;
	struct postprocess *postprocess; /* NULL: results go through no filter */
	struct commit_queue *commits;
	struct output output;
	struct stats stats;
	struct save *save; /* NULL: no --output */
	struct waits waits;
	bool records; /* what is made of lines is written to stdout */
	struct loop_timer cancel_timer, draw_timer;
	struct loop_timer at_once; /* set where there is more to do */

	/* What stages have done, and what comes next. */
	struct run_queue wants;   /* items for the scheduler */
	struct run_queue stored;  /* items that have a result */
	struct job_list members;  /* members of archives, not claimed */
	struct job_list answered; /* an attempt at a URL is over */
	struct job_list finished; /* an attempt is over, and has its verdict */
	struct job_list ended;    /* with a final verdict, to be committed */
};

/* --- what comes next --- */

/* Says a result, with the members EXTRA (NULL: none) for this run alone. */
static void
say_result(struct dispatch *d, const struct target *t, const char *line, size_t n, bool now, struct json_object *extra)
{
	struct buf record = {0};
	bool completed = false;

	batch_result_number(line, n, &completed);
	batch_result_record(t->batch, line, n, &record);
	if (extra)
		result_add_members(&record, extra);
	if (d->records)
		output_add(&d->output, record.data, record.len);
	completed = completed && !json_object_object_get_ex(extra, "error", NULL) &&
		    !json_object_object_get_ex(extra, "mismatch", NULL);
	stats_count(&d->stats, record.data, record.len, completed, now);
	buf_free(&record);
}

/* Fails a completed item that does not fit the options. If somebody else has it, it is looked at later. */
static void
fail_stored(struct dispatch *d, struct target *t, uint32_t item, const char *code, const char *why)
{
	struct job *j = job_new(&d->run, t, item);

	if (!j)
		return;
	update_begin_recheck(j);
	if (!scheduler_claim(d->scheduler, j))
		return;
	verdict_fail(j, false, code, "%s", why);
	job_list_add(&d->ended, j);
}

/* Says a result that was stored before, and what it brought with it is wanted. EXTRA is taken over. */
static void
say_stored(struct dispatch *d, struct target *t, uint32_t item, const struct buf *line, struct json_object *extra)
{
	char why[256];
	const char *code;

	recorded_remove_left(t, item, line->data, line->len);
	code = later_rules_look(&d->run, d->transfers, t, line, &extra, why, sizeof(why));

	if (code && d->run.set->recheck) {
		fail_stored(d, t, item, code, why);
	} else {
		say_result(d, t, line->data, line->len, false, extra);
		page_want_stored(&d->run, &d->wants, t, line->data, line->len);
		archives_want_stored(d->archives, t, item, line->data, line->len);
	}
	json_object_put(extra);
}

/* An item has a result: says it, and what it brought with it is wanted. A worker says nothing. */
static void
on_stored(struct dispatch *d, struct target *t, uint32_t item)
{
	struct buf line = {0};
	bool completed;
	int rc;

	if (d->worker)
		return;
	rc = result_read_stored(&d->run, t, item, &line, &completed);
	if (rc == 0)
		run_queue_add(&d->wants, t, item);
	else if (rc == 1)
		say_stored(d, t, item, &line, NULL);
	buf_free(&line);
}

/* An item that was asked for again has no new result: the one that it has is said, and why. */
static void
on_not_updated(struct dispatch *d, struct job *j)
{
	struct json_object *extra = json_object_new_object();
	struct target *t = j->target;
	uint32_t item = j->item;
	struct buf line = {0};

	update_say(j, extra);
	buf_str(&line, j->update->line);
	job_free(j); /* the claim is let go */
	say_stored(d, t, item, &line, extra);
	buf_free(&line);
}

/* A member comes with its archive, or is unpacked again where that has its result. */
static void
on_member(struct dispatch *d, struct job *j)
{
	struct job *archive;

	if (archives_are_awaited(d->archives, j, &archive)) {
		/* An archive that nobody has may be one that is left: its members are then, too. */
		if (!d->run.stops.hosts_left || archive || target_is_busy(j->target, j->archive))
			scheduler_hold(d->scheduler, j->target, j->item);
		job_free(j);
		if (archive)
			scheduler_add(d->scheduler, archive);
	} else if (scheduler_claim(d->scheduler, j)) {
		archives_unpack_again(d->archives, j);
	}
}

/* Fails a job whose host is held back for longer than it may wait. Returns whether it is. */
static bool
is_held_too_long(struct job *j)
{
	struct buf why = {0};

	if (!j->host->held_too_long)
		return false;
	host_explain_hold(j->host, &why);
	verdict_fail(j, false, HOST_BUSY_CODE, "%s", why.data);
	j->verdict.retryable = true;
	buf_free(&why);
	return true;
}

/* The same of a job whose own answer has held back the host: the answer stays the cause. */
static void
end_if_held_too_long(struct job *j)
{
	struct verdict *v = &j->verdict;
	size_t n = strlen(v->message);
	struct buf why = {0};

	if (!j->host->held_too_long)
		return;
	host_explain_hold(j->host, &why);
	snprintf(v->message + n, sizeof(v->message) - n, "; %s", why.data);
	utf8_replace_invalid(v->message);
	buf_free(&why);
	v->kind = FAILED;
}

/* Begins an attempt of a job that has its slot. */
static void
begin_attempt(struct dispatch *d, struct job *j)
{
	enum gate gate = GATE_OPEN;

	if (verdict_cancel(j) || is_held_too_long(j))
		gate = GATE_CLOSED;
	else if (!local_is(j))
		gate = robots_gate_check(d->robots, j);
	if (gate == GATE_CLOSED) {
		j->attempts--; /* nothing was asked */
		job_list_add(&d->finished, j);
	} else if (local_is(j)) {
		local_begin(d->local, j);
	} else if (gate == GATE_UNKNOWN && !transfer_is_blocked_by_name(d->transfers, j, job_url(j))) {
		host_pause(j->host, robots_gate_ask(d->robots, j));
		host_update(j->host);
	} else if (!resume_begin(d->resume, j)) {
		http_begin(d->http, j);
	}
}

static void
retry_later(struct dispatch *d, struct job *j, long wait_ms)
{
	job_forget_redirects(j);
	scheduler_retry(d->scheduler, j, wait_ms);
}

/* Counts the result of an item that H was asked for, for --stop-after. */
static void
count_result(struct dispatch *d, struct job *j, struct host *h)
{
	if (stop_count_result(j, h))
		scheduler_leave(d->scheduler, h);
	else
		host_update(h);
}

/* The same of a job that ends, as far as its result is known. A line without a URL and a file, which was bad from the
 * start, says nothing of any host. */
static void
count_end(struct dispatch *d, struct job *j)
{
	struct host *h;

	if (!d->run.set->stop_after || (!j->url && !local_is(j)))
		return;
	h = host_table_get_asked(d->hosts, j);
	if (!*h->name && !local_is(j)) {
		host_update(h);
	} else if (j->verdict.kind == GOT) {
		stop_expect(j, h);
		host_update(h);
	} else {
		count_result(d, j, h);
	}
}

/* An attempt is over: tries again later, follows a redirect, or has the job committed. */
static void
on_finished(struct dispatch *d, struct job *j)
{
	struct run *run = &d->run;
	struct verdict *v = &j->verdict;
	long wait = 0;
	bool again;

	if (j->asks_robots)
		host_pause(j->host, 0);
	j->asks_robots = false;
	if (j->stays_pending) {
		scheduler_release(d->scheduler, j);
		job_free(j);
		return;
	}
	verdict_over_total(j);
	host_apply_verdict(j->host, v);
	if (v->kind != GOT)
		verdict_cancel(j);
	if (v->kind == AGAIN) {
		/* A job whose host is held back waits for its host's turn: it goes on early if the host is released. */
		wait = http_policy_backoff(j->attempts, run->set->backoff_ms);
		if (v->hold && !run->fatal) {
			host_hold(j->host, v->wait_ms > 0 ? v->wait_ms : wait, j->answer.retry_after_text);
			wait = v->wait_ms > 0 ? wait / 4 : 0;
		}
	}
	again = v->kind == AGAIN && j->attempts < (unsigned)run->set->tries;
	if (again && v->hold && !run->fatal)
		end_if_held_too_long(j);
	again = again && v->kind == AGAIN;
	if (v->kind == AGAIN && !again)
		v->kind = FAILED;
	if (v->kind == FAILED || (v->kind != GOT && !j->validator[0]))
		body_drop(&j->body);
	else if (again && body_flush(&j->body) < 0)
		run_fail(run, "writing a download");
	if (v->kind == GOT) {
		resume_drop_left(j);
		if (body_end(&j->body) < 0)
			run_fail(run, local_is(j) ? "writing a copy" : "writing a download");
	}
	stop_settle(j);
	scheduler_release(d->scheduler, j);
	if (run->fatal) {
		job_free(j);
	} else if (again) {
		if (v->hold && !j->update)
			job_release_claim(j); /* others need not wait for it as long as this process does */
		retry_later(d, j, wait);
	} else if (v->kind == REDIRECTED) {
		j->attempts--; /* not an attempt of its own */
		scheduler_requeue(d->scheduler, j);
	} else {
		count_end(d, j);
		commit_queue_add(d->commits, j);
	}
}

/* Hands on what stages have done, until all of it is where it belongs. */
static void
hand_on(struct dispatch *d)
{
	struct target *t;
	struct job *j;
	uint32_t item;

	for (;;) {
		if ((j = job_list_take(&d->answered))) {
			verdict_http(j);
			resume_note_answer(j);
			on_finished(d, j);
		} else if ((j = job_list_take(&d->finished))) {
			on_finished(d, j);
		} else if ((j = job_list_take(&d->ended))) {
			commit_queue_add(d->commits, j);
		} else if (!run_queue_is_empty(&d->stored)) {
			run_queue_take(&d->stored, &t, &item);
			on_stored(d, t, item);
		} else if ((j = job_list_take(&d->members))) {
			on_member(d, j);
		} else {
			return;
		}
	}
}

/* The writer has found that the bytes of J are not what was asked for. */
static void
on_refused(struct dispatch *d, struct job *j)
{
	struct host *h = j->share.host;

	stop_settle(j);
	if (h && stop_take_back(j))
		scheduler_leave(d->scheduler, h);
	else if (h)
		host_update(h);
	retry_later(d, j, http_policy_backoff(j->attempts, d->run.set->backoff_ms));
}

/* A job that the writer gave back unrecorded. */
static void
on_aside(struct dispatch *d, struct job *j)
{
	if (j->aside == ASIDE_THROUGH)
		postprocess_add(d->postprocess, j);
	else if (d->run.fatal || (j->aside != ASIDE_EXPAND && d->run.stop_signal))
		job_free(j); /* it is pending */
	else if (j->aside == ASIDE_UPDATE)
		on_not_updated(d, j);
	else if (j->aside == ASIDE_RETRY)
		on_refused(d, j);
	else if (j->aside == ASIDE_EXPAND)
		archives_begin(d->archives, j);
	else if (page_was_refreshed(j))
		scheduler_requeue(d->scheduler, j);
	else if (page_add_items(j, &d->wants))
		commit_queue_add(d->commits, j);
	else
		job_free(j);
}

/* Says a result that was just recorded. */
static void
say_recorded(struct dispatch *d, const struct job *j)
{
	struct json_object *extra = j->update && !j->update->recheck ? json_object_new_object() : NULL;

	if (extra)
		update_say(j, extra);
	say_result(d, j->target, j->line, strlen(j->line), true, extra);
	json_object_put(extra);
	if (j->update && j->update->unchanged) {
		page_want_stored(&d->run, &d->wants, j->target, j->line, strlen(j->line));
		archives_want_stored(d->archives, j->target, j->item, j->line, strlen(j->line));
	}
}

/* Takes a group that the writer has done. */
static void
take_group(struct dispatch *d, bool wait)
{
	struct group *g = commit_queue_take(d->commits, wait);

	if (!g)
		return;
	for (size_t i = 0; i < g->count; i++) {
		struct job *j = g->jobs[i];

		if (j->recorded) {
			j->claimed = false; /* batch_record() let it go */
			target_set_busy(j->target, j->item, false);
			upload_remove(j);
			stop_count_stored(j);
			if (j->share.host)
				count_result(d, j, j->share.host);
			if (!j->unsaid)
				say_recorded(d, j);
		}
		job_free(j);
	}
	for (size_t i = 0; i < g->aside_count; i++)
		on_aside(d, g->aside[i]);
	if (g->error) {
		errno = g->error;
		run_fail(&d->run, g->doing);
	}
	free(g);
}

/* Until all that has ended is recorded. */
static void
commit_all(struct dispatch *d)
{
	do {
		take_group(d, true);
		hand_on(d);
	} while (!d->run.fatal && commit_queue_give(d->commits));
}

/* --- the turn --- */

static struct room
find_room(const struct dispatch *d)
{
	struct room room = commit_queue_room(d->commits);

	room.output = !output_is_full(&d->output);
	return room;
}

/* Whether a further transfer may be started: those that take what it brings keep up. */
static bool
may_start(const struct dispatch *d)
{
	struct room room = find_room(d);

	return !room_is_full(&room, 0, 0) && !archives_are_full(d->archives) &&
	       !(d->postprocess && postprocess_is_full(d->postprocess));
}

static void
unpack_archives(struct dispatch *d)
{
	struct room room = find_room(d);

	if (d->postprocess && postprocess_is_full(d->postprocess))
		room.jobs = 0;
	archives_turn(d->archives, &room);
	hand_on(d);
}

static void
start_jobs(struct dispatch *d)
{
	struct room room = find_room(d);
	struct job *j;

	if (d->run.stops.reason)
		return;
	scheduler_look(d->scheduler, &room, LOOK_A_TURN);
	hand_on(d);
	while (scheduler_has_next(d->scheduler) && may_start(d) && stop_allows_start(&d->run)) {
		j = scheduler_next(d->scheduler);
		if (j)
			begin_attempt(d, j);
		hand_on(d);
		room = find_room(d);
		scheduler_look(d->scheduler, &room, 1);
		hand_on(d);
	}
	host_table_release_kept(d->hosts);
}

/* Nothing is under way but what is on its way through the filter. */
static bool
is_all_postprocessed(const struct dispatch *d)
{
	const struct stop_conditions *stops = &d->run.stops;

	if (!commit_queue_is_empty(d->commits) || !(archives_are_empty(d->archives) || stops->archive_cut))
		return false;
	if (stops->reason)
		return scheduler_is_idle(d->scheduler);
	return !(d->intake && d->intake->is_open) && scheduler_is_empty(d->scheduler);
}

static void
commit_ended(struct dispatch *d)
{
	struct room room;

	take_group(d, false);
	if (d->postprocess && !d->run.stop_signal) {
		room = commit_queue_room(d->commits);
		room.output = true; /* answers are taken though nobody reads: they are few */
		postprocess_turn(d->postprocess, &room, is_all_postprocessed(d));
	}
	hand_on(d);
	if (!d->run.fatal)
		commit_queue_give(d->commits);
}

static void
end_batches(struct dispatch *d)
{
	struct target *t;

	while ((t = worker_next_done(d->worker))) {
		archives_forget(d->archives, t);
		worker_end_batch(d->worker, t);
	}
	worker_turn(d->worker);
}

static bool
is_over(const struct dispatch *d)
{
	return is_all_postprocessed(d) && !(d->postprocess && !postprocess_is_empty(d->postprocess)) &&
	       (d->run.stops.reason || !(d->worker && worker_is_open(d->worker)));
}

static void
run_turn(struct dispatch *d)
{
	struct room room;

	unpack_archives(d);
	start_jobs(d);
	commit_ended(d);
	if (d->worker)
		end_batches(d);
	if (d->run.fatal || is_over(d))
		return;
	output_flush(&d->output);
	room = find_room(d);
	if (scheduler_may_look(d->scheduler, &room) && !d->run.stops.reason)
		loop_set_timer(d->run.loop, &d->at_once, 0);
	if (loop_run_once(d->run.loop) < 0)
		run_fail(&d->run, "waiting for events");
	transfers_reap(d->transfers);
	hand_on(d);
}

/* Lets go of batches that bi-clean cancels: what is under way is ended, what sleeps or waits for its host is not begun.
 * Items that are on their way to being recorded are; the rest is bi-clean's. */
static void
let_go_of_cancelled(void *arg)
{
	struct dispatch *d = arg;
	struct target *t;

	while ((t = open_batches_next_cancelled(&d->batches))) {
		scheduler_cancel(d->scheduler, t);
		http_cancel(d->http, t);
	}
	if (!d->draw_timer.at && !d->run.set->quiet)
		waits_say(&d->waits, d->hosts);
	loop_set_timer(d->run.loop, &d->cancel_timer, clock_ms() + CANCEL_MS);
}

/* The name of the only batch that is open; NULL: there are others, or none. */
static const char *
only_batch(const struct dispatch *d)
{
	const struct target *first = d->batches.first;

	return first && !first->next ? batch_name(first->batch) : NULL;
}

static void
draw_progress(void *arg)
{
	struct dispatch *d = arg;
	struct buf waits = {0};

	waits_describe(d->hosts, &waits);
	stats_draw(&d->stats, only_batch(d), waits.data, d->intake && d->intake->is_open);
	buf_free(&waits);
	loop_set_timer(d->run.loop, &d->draw_timer, clock_ms() + STATS_DRAW_MS);
}

/* --- the whole --- */

static void
set_up(struct dispatch *d)
{
	struct run *run = &d->run;
	const struct settings *set = run->set;

	raise_file_limit(); /* for the connections, part files and locks of many transfers */
	run->temp = root_open_dir(run->root.fd, "temp", true);
	if (run->temp < 0)
		msg_die_errno(msg_exit_code(errno), "cannot make the directory temp in %s", run->root.path);
	d->bodies = (struct body_store){
		.temp = run->temp,
		.piece = body_piece_size(set->parallel),
		.sync = !set->no_sync,
	};
	run->bodies = &d->bodies;
	d->hosts = host_table_open(run);
	if (!(run->loop = loop_new()) || run_catch_signals(run) < 0 || !(d->commits = commit_queue_new(run)))
		msg_die_errno(EX_OSERR, "cannot set up epoll and the writer's thread");
	d->transfers = transfers_open(run, host_table_rules(d->hosts));
	d->scheduler = scheduler_new(run, d->hosts, &d->wants, &d->stored, &d->members, &d->ended);
	d->http = http_new(run, d->transfers, host_table_rules(d->hosts), &d->answered);
	d->robots = robots_gate_new(run, d->transfers, &d->finished);
	d->resume = resume_new(run, &d->finished);
	d->local = local_new(run, &d->finished);
	d->archives = archives_new(run, &d->wants, &d->stored, &d->ended);
	if (set->through)
		d->postprocess = postprocess_open(run, &d->ended);
	d->cancel_timer = (struct loop_timer){.call = let_go_of_cancelled, .arg = d};
	d->draw_timer = (struct loop_timer){.call = draw_progress, .arg = d};
	srandom((unsigned)clock_ms() ^ (unsigned)getpid());
}

static void
clean_up(struct dispatch *d)
{
	struct job *j;

	commit_all(d); /* the writer is idle from here on */
	http_end(d->http);
	robots_gate_end(d->robots);
	resume_end(d->resume);
	local_end(d->local);
	archives_end(d->archives);
	postprocess_drop(d->postprocess);
	while ((j = job_list_take(&d->answered)) || (j = job_list_take(&d->finished)) ||
	       (j = job_list_take(&d->ended)) || (j = job_list_take(&d->members)))
		job_free(j);
	scheduler_end(d->scheduler);
	commit_queue_end(d->commits); /* its jobs know hosts */
	host_table_close(d->hosts);
	worker_end(d->worker);
	body_store_end(&d->bodies);
	run_queue_free(&d->wants);
	run_queue_free(&d->stored);
	open_batches_close_all(&d->batches);
	transfers_close(d->transfers);
	intake_end(d->intake);
	save_close(d->save);
	buf_free(&d->output.text);
	loop_free(d->run.loop);
	close(d->run.signals);
	curl_slist_free_all(d->run.set->headers);
	close(d->run.temp);
	root_close(&d->run.root);
}

/* What was recorded stands; the claims are let go; then the signal does what it would have done. */
static _Noreturn void
stop_by_signal(struct dispatch *d)
{
	int stop_signal = d->run.stop_signal;
	sigset_t none;

	commit_all(d);
	output_flush(&d->output);
	msg_progress(NULL);
	if (stop_signal != SIGPIPE)
		go_on_say(&d->stats, !(d->intake && d->intake->is_open), only_batch(d));
	clean_up(d);
	signal(stop_signal, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	raise(stop_signal);
	_exit(128 + stop_signal);
}

static int
give_up(struct dispatch *d)
{
	const struct run *run = &d->run;
	int code = run->fatal_code ? run->fatal_code : msg_exit_code(run->fatal);
	const char *mend = run->fatal == ENOSPC || run->fatal == EDQUOT ? "make room and run the same command again"
			   : code == EX_NOPERM                          ? "check who owns it"
									: "mend that and run the same command again";

	output_flush(&d->output);
	msg_progress(NULL);
	errno = run->fatal;
	if (run->fatal == BATCH_NEWER)
		msg_warn_errno("%s under %s", run->fatal_at, run->root.path);
	else
		msg_warn("%s under %s: %s; what was recorded stands: %s", run->fatal_at, run->root.path,
			 strerror(run->fatal), mend);
	if (d->records)
		rec_write_end(NULL, code);
	clean_up(d);
	return code;
}

int
dispatch_run(const struct settings *set, struct lists *lists)
{
	struct dispatch d = {.run = {.set = set, .temp = -1, .signals = -1}};
	struct run *run = &d.run;
	bool to_stdout = set->output && save_is_stdout(set->output);
	bool person = !set->json && !to_stdout && isatty(STDOUT_FILENO), cut;
	int code;

	if (set->output)
		d.save = save_open(set->output);
	root_open(&run->root, set->root, true);
	d.batches.run = run;
	d.output.run = run;
	d.records = !person && !to_stdout && (!set->work || set->json);
	if (set->work)
		d.worker = worker_wait(run, &d.batches, &d.wants);
	set_up(&d);
	d.stats = (struct stats){.run = run, .person = person, .started = clock_ms()};
	/* Records show how far it is. */
	if (isatty(STDERR_FILENO) && (person || !isatty(STDOUT_FILENO)) && !set->quiet)
		loop_set_timer(run->loop, &d.draw_timer, 0);
	if (set->work)
		worker_begin(d.worker);
	else if (set->resume)
		intake_want_all(run, &d.batches, &d.wants);
	else
		d.intake = intake_open(run, &d.batches, &d.wants, lists);
	let_go_of_cancelled(&d);
	while (!run_is_ending(run) && !is_over(&d))
		run_turn(&d);
	if (run->fatal == EINTR)
		run_note_signal(run); /* it came while we waited for a lock */
	if (run->stop_signal)
		stop_by_signal(&d);
	if (run->fatal)
		return give_up(&d);
	cut = d.intake && lists_were_cut(d.intake->lists);
	if (cut)
		msg_warn("the records on standard input stopped without an end record: the program that wrote them was "
			 "killed; "
			 "run the pipeline again");
	output_flush_all(&d.output);
	if (d.postprocess)
		postprocess_finish(d.postprocess);
	if (run->stop_signal)
		stop_by_signal(&d);
	cut = cut || (d.intake && lists_upstream_exit(d.intake->lists));
	code = stop_say_end(run);
	if (code == EX_ALL_WELL)
		code = d.worker ? worker_trouble(d.worker) : d.intake ? lists_trouble(d.intake->lists) : EX_ALL_WELL;
	if (!code && d.save && d.intake->first_target)
		code = save_item(d.save, d.intake->first_target->batch, d.intake->first_item, !set->no_sync);
	code = stats_end(&d.stats, code, cut, d.records);
	clean_up(&d);
	return code;
}
