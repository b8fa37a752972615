#include "main_loop.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/msg.h"
#include "base/paths.h"
#include "base/trouble.h"
#include "dispatch.h"
#include "files/root_write.h"
#include "from_picks.h"
#include "go_on.h"
#include "intake.h"
#include "records/rec.h"
#include "save.h"
#include "waits.h"

enum { LOOK_A_TURN = 512, CANCEL_MS = 1000 };

struct main_loop {
	struct dispatch d;
	struct intake *intake; /* NULL: no lines are read */
	struct save *save;     /* NULL: no --output */
	struct waits waits;
	struct loop_timer cancel_timer, draw_timer;
	struct loop_timer at_once; /* set where there is more to do */
};

/* --- the turn --- */

static struct room
find_room(const struct main_loop *m)
{
	struct room room = commit_queue_room(m->d.commits);

	room.output = !output_is_full(&m->d.output);
	return room;
}

/* Whether a further transfer may be started: those that take what it brings keep up. */
static bool
may_start(const struct main_loop *m)
{
	struct room room = find_room(m);

	return !room_is_full(&room, 0, 0) && !archives_are_full(m->d.archives) &&
	       !(m->d.postprocess && postprocess_is_full(m->d.postprocess));
}

/* How many wanted items may become jobs in this turn. */
static int
look_most(const struct main_loop *m, int most)
{
	int room = m->d.take ? take_part_room(m->d.take) : most;

	return room < most ? room : most;
}

static void
unpack_archives(struct main_loop *m)
{
	struct room room = find_room(m);

	if (m->d.postprocess && postprocess_is_full(m->d.postprocess))
		room.jobs = 0;
	archives_turn(m->d.archives, &room);
	dispatch_hand_on(&m->d);
	if (!m->d.take)
		return;
	room = find_room(m);
	take_part_turn(m->d.take, &room);
	dispatch_hand_on(&m->d);
}

static void
start_jobs(struct main_loop *m)
{
	struct room room = find_room(m);
	struct job *j;

	if (m->d.run.stops.reason)
		return;
	scheduler_look(m->d.scheduler, &room, look_most(m, LOOK_A_TURN));
	dispatch_hand_on(&m->d);
	while (scheduler_has_next(m->d.scheduler) && may_start(m) && stop_allows_start(&m->d.run)) {
		j = scheduler_next(m->d.scheduler);
		if (j)
			dispatch_begin(&m->d, j);
		dispatch_hand_on(&m->d);
		room = find_room(m);
		scheduler_look(m->d.scheduler, &room, look_most(m, 1));
		dispatch_hand_on(&m->d);
	}
	host_table_release_kept(m->d.hosts);
}

/* Nothing is under way but what is on its way through the filter. */
static bool
is_all_postprocessed(const struct main_loop *m)
{
	const struct stop_conditions *stops = &m->d.run.stops;

	if (m->d.take && !take_part_is_empty(m->d.take))
		return false;
	if (!commit_queue_is_empty(m->d.commits) || !(archives_are_empty(m->d.archives) || stops->archive_cut))
		return false;
	if (stops->reason)
		return scheduler_is_idle(m->d.scheduler);
	return !(m->intake && m->intake->is_open) && scheduler_is_empty(m->d.scheduler);
}

static void
commit_ended(struct main_loop *m)
{
	struct room room;

	dispatch_take_group(&m->d, false);
	if (m->d.postprocess && !m->d.run.stop_signal) {
		room = commit_queue_room(m->d.commits);
		room.output = true; /* answers are taken though nobody reads: they are few */
		postprocess_turn(m->d.postprocess, &room, is_all_postprocessed(m));
	}
	dispatch_hand_on(&m->d);
	if (!m->d.run.fatal)
		commit_queue_give(m->d.commits);
}

static void
end_batches(struct main_loop *m)
{
	struct target *t;

	while ((t = worker_next_done(m->d.worker))) {
		archives_forget(m->d.archives, t);
		worker_end_batch(m->d.worker, t);
	}
	worker_turn(m->d.worker);
}

static bool
is_over(const struct main_loop *m)
{
	return is_all_postprocessed(m) && !(m->d.postprocess && !postprocess_is_empty(m->d.postprocess)) &&
	       (m->d.run.stops.reason || !(m->d.worker && worker_is_open(m->d.worker)));
}

static void
run_turn(struct main_loop *m)
{
	struct room room;

	unpack_archives(m);
	start_jobs(m);
	commit_ended(m);
	if (m->d.worker)
		end_batches(m);
	if (m->d.run.fatal || is_over(m))
		return;
	output_flush(&m->d.output);
	room = find_room(m);
	if (scheduler_may_look(m->d.scheduler, &room) && look_most(m, 1) > 0 && !m->d.run.stops.reason)
		loop_set_timer(m->d.run.loop, &m->at_once, 0);
	if (loop_run_once(m->d.run.loop) < 0)
		run_fail(&m->d.run, "waiting for events");
	transfers_reap(m->d.transfers);
	dispatch_hand_on(&m->d);
}

/* Lets go of batches that bi-clean cancels: what is under way is ended, what sleeps or waits for its host is not begun.
 * Items that are on their way to being recorded are; the rest is bi-clean's. */
static void
let_go_of_cancelled(void *arg)
{
	struct main_loop *m = arg;
	struct target *t;

	while ((t = open_batches_next_cancelled(&m->d.batches))) {
		scheduler_cancel(m->d.scheduler, t);
		http_cancel(m->d.http, t);
	}
	if (!m->draw_timer.at && !m->d.run.set->quiet)
		waits_say(&m->waits, m->d.hosts);
	loop_set_timer(m->d.run.loop, &m->cancel_timer, clock_ms() + CANCEL_MS);
}

/* The name of the only batch that is open; NULL: there are others, or none. */
static const char *
only_batch(const struct main_loop *m)
{
	const struct target *first = m->d.batches.first;

	return first && !first->next ? batch_name(first->batch) : NULL;
}

static void
draw_progress(void *arg)
{
	struct main_loop *m = arg;
	struct buf waits = {0};

	waits_describe(m->d.hosts, &waits);
	stats_draw(&m->d.stats, only_batch(m), waits.data, m->intake && m->intake->is_open);
	buf_free(&waits);
	loop_set_timer(m->d.run.loop, &m->draw_timer, clock_ms() + STATS_DRAW_MS);
}

/* --- the whole --- */

static void
set_up(struct main_loop *m)
{
	struct run *run = &m->d.run;
	const struct settings *set = run->set;

	raise_file_limit(); /* for the connections, part files and locks of many transfers */
	run->temp = root_open_dir(run->root.fd, "temp", true);
	if (run->temp < 0)
		msg_die_errno(msg_exit_code(errno), "cannot make the directory temp in %s", run->root.path);
	m->d.parts = from_parts_open(run); /* unpacking archives takes long, and a signal may still end it */
	m->d.bodies = body_store_new(run->temp, !set->no_sync, set->parallel);
	run->bodies = &m->d.bodies;
	m->d.hosts = host_table_open(run);
	if (!(run->loop = loop_new()) || run_catch_signals(run) < 0 || !(m->d.commits = commit_queue_new(run)))
		msg_die_errno(EX_OSERR, "cannot set up epoll and the writer's thread");
	m->d.transfers = transfers_open(run, host_table_rules(m->d.hosts));
	m->d.scheduler = scheduler_new(run, m->d.hosts, &m->d.wants, &m->d.stored, &m->d.members, &m->d.ended);
	m->d.http = http_new(run, m->d.transfers, host_table_rules(m->d.hosts), &m->d.answered);
	m->d.robots = robots_gate_new(run, m->d.transfers, &m->d.finished);
	m->d.resume = resume_new(run, &m->d.finished);
	m->d.local = local_new(run, &m->d.finished);
	m->d.archives = archives_new(run, &m->d.wants, &m->d.stored, &m->d.ended);
	if (m->d.parts) {
		m->d.take = take_part_new(run, m->d.parts, &m->d.ended, &m->d.missed);
		scheduler_show_new(m->d.scheduler, &m->d.new);
	}
	if (set->through)
		m->d.postprocess = postprocess_open(run, &m->d.ended);
	m->cancel_timer = (struct loop_timer){.call = let_go_of_cancelled, .arg = m};
	m->draw_timer = (struct loop_timer){.call = draw_progress, .arg = m};
	srandom((unsigned)clock_ms() ^ (unsigned)getpid());
}

static void
clean_up(struct main_loop *m)
{
	struct job *j;

	dispatch_commit_all(&m->d); /* the writer is idle from here on */
	http_end(m->d.http);
	robots_gate_end(m->d.robots);
	resume_end(m->d.resume);
	local_end(m->d.local);
	archives_end(m->d.archives);
	take_part_end(m->d.take);
	postprocess_drop(m->d.postprocess);
	while ((j = job_list_take(&m->d.answered)) || (j = job_list_take(&m->d.finished)) ||
	       (j = job_list_take(&m->d.ended)) || (j = job_list_take(&m->d.members)) ||
	       (j = job_list_take(&m->d.new)) || (j = job_list_take(&m->d.missed)))
		job_free(j);
	scheduler_end(m->d.scheduler);
	commit_queue_end(m->d.commits); /* its jobs know hosts */
	host_table_close(m->d.hosts);
	worker_end(m->d.worker);
	body_store_end(&m->d.bodies);
	run_queue_free(&m->d.wants);
	run_queue_free(&m->d.stored);
	open_batches_close_all(&m->d.batches);
	from_parts_close(m->d.parts);
	transfers_close(m->d.transfers);
	intake_end(m->intake);
	save_close(m->save);
	buf_free(&m->d.output.text);
	buf_free(&m->d.stored_text);
	buf_free(&m->d.stored_line);
	buf_free(&m->d.record);
	loop_free(m->d.run.loop);
	close(m->d.run.signals);
	if (m->d.run.set->headers)
		curl_slist_free_all(m->d.run.set->headers);
	close(m->d.run.temp);
	root_close(&m->d.run.root);
}

/* What was recorded stands; the claims are let go; then the signal does what it would have done. */
static _Noreturn void
stop_by_signal(struct main_loop *m)
{
	int stop_signal = m->d.run.stop_signal;
	sigset_t none;

	dispatch_commit_all(&m->d);
	output_flush(&m->d.output);
	msg_progress(NULL);
	if (stop_signal != SIGPIPE)
		go_on_say(&m->d.stats, !(m->intake && m->intake->is_open), only_batch(m));
	clean_up(m);
	signal(stop_signal, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	raise(stop_signal);
	_exit(128 + stop_signal);
}

static int
give_up(struct main_loop *m)
{
	const struct run *run = &m->d.run;
	int code = run->fatal_code ? run->fatal_code : msg_exit_code(run->fatal);
	const char *mend = run->fatal == ENOSPC || run->fatal == EDQUOT ? "make room and run the same command again"
			   : code == EX_NOPERM                          ? "check who owns it"
									: "mend that and run the same command again";

	output_flush(&m->d.output);
	msg_progress(NULL);
	errno = run->fatal;
	if (run->fatal == BATCH_NEWER)
		msg_warn_errno("%s under %s", run->fatal_at, run->root.path);
	else
		msg_warn("%s under %s: %s; what was recorded stands: %s", run->fatal_at, run->root.path,
			 strerror(run->fatal), mend);
	if (m->d.records)
		rec_write_end(NULL, code);
	clean_up(m);
	return code;
}

/* Opens the root and the stages, and wants the first items. */
static void
begin(struct main_loop *m, struct lists *lists)
{
	struct dispatch *d = &m->d;
	struct run *run = &d->run;
	const struct settings *set = run->set;
	bool to_stdout = set->output && save_is_stdout(set->output);
	bool person = !set->json && !to_stdout && isatty(STDOUT_FILENO);

	if (set->output)
		m->save = save_open(set->output);
	root_open_to_write(&run->root, set->root, true);
	if (m->save)
		save_refuse_root(m->save, &run->root);
	d->batches.run = run;
	d->output.run = run;
	d->records = output_begin(&d->output) && !person && !to_stdout && (!set->work || set->json);
	if (set->work)
		d->worker = worker_wait(run, &d->batches, &d->wants);
	set_up(m);
	d->stats = (struct stats){.run = run, .person = person, .started = clock_ms()};
	/* Records show how far it is. */
	if (isatty(STDERR_FILENO) && (person || !isatty(STDOUT_FILENO)) && !set->quiet)
		loop_set_timer(run->loop, &m->draw_timer, 0);
	if (set->work)
		worker_begin(d->worker);
	else if (set->resume)
		intake_want_all(run, &d->batches, &d->wants);
	else
		m->intake = intake_open(run, &d->batches, &d->wants, lists);
	let_go_of_cancelled(m);
}

/* Takes the decisions of reviewers over, and says what the parts gave. Returns an exit code. */
static int
end_parts(struct dispatch *d)
{
	int code = EX_ALL_WELL;

	for (struct target *t = d->batches.first; t; t = t->next)
		if (from_picks_take(d->parts, t->batch) < 0 || from_parts_compare(d->parts, t->batch) < 0) {
			code = msg_exit_code(errno);
			msg_warn_errno(
				"cannot compare the parts with the batch '%s', or take decisions of reviewers from "
				"them; run the same command again",
				batch_name(t->batch));
		}
	from_parts_say(d->parts, d->run.set->quiet);
	d->stats.from = from_parts_counts(d->parts);
	return code;
}

/* Ends a run that did its work, or met a stop condition. Returns its exit code. */
static int
end(struct main_loop *m)
{
	struct dispatch *d = &m->d;
	const struct settings *set = d->run.set;
	bool cut = m->intake && lists_were_cut(m->intake->lists);
	int code, picks_code = EX_ALL_WELL;

	if (cut)
		msg_warn("the records on standard input stopped without an end record: the program that wrote them was "
			 "killed; run the pipeline again");
	output_flush_all(&d->output);
	if (d->postprocess)
		postprocess_finish(d->postprocess);
	if (d->run.stop_signal)
		stop_by_signal(m);
	cut = cut || (m->intake && lists_upstream_exit(m->intake->lists));
	if (d->parts)
		picks_code = end_parts(d);
	code = stop_say_end(&d->run);
	if (code == EX_ALL_WELL && d->parts && d->parts->left)
		code = EX_TEMPFAIL;
	if (code == EX_ALL_WELL)
		code = picks_code;
	if (code == EX_ALL_WELL && d->worker)
		code = worker_trouble(d->worker);
	else if (code == EX_ALL_WELL && m->intake)
		code = lists_trouble(m->intake->lists);
	if (!code && m->save && m->intake->first_target)
		code = save_item(m->save, m->intake->first_target->batch, m->intake->first_item, !set->no_sync);
	code = stats_end(&d->stats, code, cut, d->records);
	json_object_put(d->stats.from);
	clean_up(m);
	return code;
}

int
main_loop_run(const struct settings *set, struct lists *lists)
{
	struct main_loop m = {.d.run = {.set = set, .temp = -1, .signals = -1}};
	struct run *run = &m.d.run;

	begin(&m, lists);
	while (!run_is_ending(run) && !is_over(&m))
		run_turn(&m);
	if (run->fatal == EINTR)
		run_note_signal(run); /* it came while we waited for a lock */
	if (run->stop_signal)
		stop_by_signal(&m);
	return run->fatal ? give_up(&m) : end(&m);
}
