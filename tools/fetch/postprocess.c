#include "postprocess.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/msg.h"
#include "base/paths.h"
#include "base/utf8.h"
#include "confined/helper.h"
#include "coprocess.h"

enum {
	WINDOW = 16,           /* lines that one has at most */
	UNSENT_MAX = 64 << 10, /* bytes that wait for its pipe, before it gets no further line */
	WAITING_MAX = 512,     /* jobs, and bytes of them, before no more is begun */
	WAITING_BYTES = 8 << 20,
	SILENT_MS = 500, /* after which one that keeps its answers is told that nothing follows */
	LAST_MS = 2000,  /* between the end of its output and its own */
	END_MS = 10000,  /* for all of them to come to their end after the last answer */
	STOP_MS = 1000,  /* the same for those that are told to, by SIGTERM */
	BARREN_MAX = 5,  /* starts in a row without an answer, */
	REST_MS = 10000, /* after which one is tried so often */
	PAUSE_MS = 100   /* after one was killed; doubled each time */
};

struct postprocess {
	struct run *run;
	struct job_list *ended;
	const char *program; /* as it was given */
	char *argv[4];
	struct buf path;
	bool shell;
	struct coprocess *filters;
	size_t count;
	struct job_list waiting;
	size_t jobs, bytes; /* of all that wait, or are with a filter */
	size_t ended_bytes; /* of what ended in this turn */
	struct loop_timer timer;
	bool warned;
	bool answered;       /* once at least in this run */
	unsigned barren;     /* starts in a row that came to nothing */
	int64_t pause_until; /* one was killed: no other one before this moment */
	int64_t rest_until;  /* with BARREN_MAX of them: no other one before this moment */
	char how[128];       /* the last of these ended */
};

/* --- jobs, on their way out --- */

static void
uncount_job(struct postprocess *p, const struct job *j)
{
	p->jobs--;
	p->bytes -= j->weight;
}

static void
hand_on_job(struct postprocess *p, struct job *j)
{
	job_list_add(p->ended, j);
	p->ended_bytes += job_unwritten(j);
}

static void
fail_job(struct postprocess *p, struct job *j, bool retryable, const char *code, const char *message)
{
	uncount_job(p, j);
	verdict_fail(j, false, code, "%s", message);
	j->verdict.retryable = retryable;
	free(j->line);
	j->line = NULL; /* the writer makes another, and takes the file away */
	hand_on_job(p, j);
}

/* It is pending again, and so it has no file. */
static void
give_back(struct postprocess *p, struct job *j)
{
	uncount_job(p, j);
	if (unlinkat(batch_filesfd(j->target->batch), j->name, 0) < 0 && errno != ENOENT)
		msg_warn_errno("cannot remove %s, which is not recorded", j->name);
	job_free(j);
}

/* --- answers --- */

/* One line of the filter X. */
static void
take_answer(struct postprocess *p, struct coprocess *x, const struct rec *r)
{
	struct job *j = x->given.first;
	const char *status = rec_string(r->json, "status"), *code, *message;
	struct buf why = {0};
	bool retryable;
	char *line;

	if (coprocess_is_done(x) ||
	    (r->kind == REC_JSON && rec_string(r->json, "end") && !json_object_object_get_ex(r->json, "item", NULL)))
		return;
	if (j)
		job_list_cut(&x->given, j);
	x->head_since = clock_ms();
	if (!j) {
		if (!p->warned)
			msg_warn("'%s' writes lines that answer nothing: each time it is started again", p->program);
		p->warned = true;
	} else if (coprocess_reply_check(j, r, &why)) {
		utf8_replace_invalid(why.data);
		fail_job(p, j, true, "filter_failed", why.data);
	} else {
		x->answered = p->answered = true;
		p->barren = 0;
		if (status && strcmp(status, "failed") == 0) {
			retryable = coprocess_reply_failure(r->json, &code, &message);
			fail_job(p, j, retryable, code, message);
		} else if (!(line = coprocess_reply_line(j, r->json))) {
			fail_job(p, j, true, "filter_failed",
				 "the record would be longer than 1 MiB with what the filter adds");
		} else {
			uncount_job(p, j);
			free(j->line);
			j->line = line;
			hand_on_job(p, j);
		}
		return;
	}
	/* Which line answers which is not known any more. */
	buf_free(&why);
	x->why = TALKS_NONSENSE;
	coprocess_close(x, clock_ms());
}

static void
take_answers(struct postprocess *p, struct coprocess *x, const struct room *room)
{
	enum rec_kind kind;
	struct rec r;
	bool full = false;

	while (!x->kill_at && !(full = room_is_full(room, p->ended->count, p->ended_bytes)) &&
	       (kind = coprocess_read(x, &r)) != REC_MORE)
		if (kind == REC_EOF)
			coprocess_close(x, clock_ms() + (coprocess_is_done(x) ? END_MS : LAST_MS));
		else
			take_answer(p, x, &r);
	if (x->kill_at)
		return;
	coprocess_hold(x, full);
	if (x->unheard) {
		x->ready = true;
		x->head_since = clock_ms();
	} else if (x->exited) {
		coprocess_close(x, clock_ms());
	}
}

/* --- beginning and ending --- */

static void
count_barren(struct postprocess *p, const struct coprocess *x)
{
	if (x->answered || x->why == TOO_SLOW)
		return;
	p->barren++;
	p->rest_until = clock_ms() + REST_MS;
	if (p->barren == BARREN_MAX)
		msg_warn("'%s' ended %d times without an answer, the last time with: %s; it is now started every %d "
			 "seconds, and what comes meanwhile fails",
			 p->program, BARREN_MAX, p->how, REST_MS / 1000);
}

/* The errno of what ends us too, 0 where it is the item's: the disk takes no more of what it makes; or there is no such
 * program, which the shell says so. */
static int
ends_us(const struct postprocess *p, const struct coprocess *x, int code)
{
	if (x->why != DIES || !x->exited)
		return 0;
	if (code == EX_IOERR)
		return EIO;
	return !p->shell || p->answered ? 0 : code == 126 ? EACCES : code == 127 ? ENOENT : 0;
}

static void
say_last(const struct postprocess *p, bool over, int code)
{
	if (!over)
		msg_warn("'%s' did not end within %d s of its last answer: it was killed", p->program, END_MS / 1000);
	else if (code && code != EX_SOME_FAILED) /* these are said already */
		msg_warn("'%s' ended with exit code %d after its last answer", p->program, code);
}

/* X has ended: the first of its jobs fails for it, unless that is done; the others wait again, before those that do. */
static void
bury_coprocess(struct postprocess *p, struct coprocess *x)
{
	struct job *head = x->why == DIES ? x->given.first : NULL, *j;
	char words[256];
	bool done = coprocess_is_done(x) && x->why == DIES;
	int code = coprocess_reap(x), error;

	if (done) {
		say_last(p, x->exited, code);
		return;
	}
	coprocess_how(x, code, p->how, sizeof(p->how));
	if ((error = ends_us(p, x, code))) {
		run_fail_as(p->run, error, error == EIO ? EX_IOERR : EX_UNAVAILABLE,
			    error == EIO ? "keeping what the program of --through makes"
					 : "starting the program of --through with sh");
		return; /* all stays pending */
	}
	if (head && x->exited && helper_was_killed(code) && ++head->troubles < HELPER_TRIES) {
		p->pause_until = clock_ms() + ((int64_t)PAUSE_MS << head->troubles); /* it waits again, as the others */
	} else if (head) {
		job_list_cut(&x->given, head);
		snprintf(words, sizeof(words), "the filter ended before it answered: %s%s", p->how,
			 x->exited && code == 0 ? " " COPROCESS_ANSWERS : "");
		fail_job(p, head, true, "filter_died", words);
	}
	if (head || x->why == TALKS_NONSENSE)
		count_barren(p, x);
	while ((j = x->given.last)) {
		job_list_cut(&x->given, j);
		job_list_push(&p->waiting, j);
	}
}

static bool
start_coprocess(struct postprocess *p, struct coprocess *x)
{
	if (clock_ms() < p->pause_until)
		return false;
	if (p->barren >= BARREN_MAX) {
		if (clock_ms() < p->rest_until)
			return false;
		p->rest_until = clock_ms() + REST_MS;
	}
	if (coprocess_start(x, p->argv, p->run->loop) == 0)
		return true;
	snprintf(p->how, sizeof(p->how), "it cannot be started: %s", strerror(errno));
	count_barren(p, x);
	return false;
}

static bool
is_late(const struct postprocess *p, const struct coprocess *x)
{
	return !x->kill_at && x->given.first && clock_ms() >= x->head_since + p->run->set->through_ms;
}

/* What has become of X since the last turn. */
static void
tend_coprocess(struct postprocess *p, struct coprocess *x, const struct room *room)
{
	int64_t now = clock_ms();
	char words[128];

	/* An answer that has come is in time, whatever kept us. */
	if (x->ready || is_late(p, x)) {
		x->ready = false;
		coprocess_flush(x);
		if (!x->kill_at)
			take_answers(p, x, room);
	}
	if (is_late(p, x)) {
		struct job *j = x->given.first;

		job_list_cut(&x->given, j);
		snprintf(words, sizeof(words), "the filter did not answer within %g s",
			 (double)p->run->set->through_ms / 1000);
		fail_job(p, j, true, "filter_timeout", words);
		x->why = TOO_SLOW;
		coprocess_close(x, now);
	}
	if (x->kill_at && (coprocess_is_over(x) || now >= x->kill_at))
		bury_coprocess(p, x);
}

/* --- giving --- */

/* An archive counts after its members: one killed in between is unpacked again. */
static bool
has_members(const struct job_list *l, const struct job *end, const struct job *archive)
{
	for (const struct job *j = l->first; j && j != end; j = j->next)
		if (j->archive == archive->item && j->target == archive->target)
			return true;
	return false;
}

static bool
is_awaiting_members(const struct postprocess *p, const struct job *j)
{
	if (j->members < 0)
		return false;
	for (size_t i = 0; i < p->count; i++)
		if (has_members(&p->filters[i].given, NULL, j))
			return true;
	return has_members(&p->waiting, j, j);
}

static struct job *
next_waiting(const struct postprocess *p)
{
	struct job *j = p->waiting.first;

	while (j && is_awaiting_members(p, j))
		j = j->next;
	return j;
}

static bool
takes_more(const struct coprocess *x)
{
	return x->pid && !x->kill_at && !x->finishing && x->in >= 0 && x->given.count < WINDOW &&
	       coprocess_unsent(x) < UNSENT_MAX;
}

/* The one that has least to do; another is started before two wait for one. NULL: none has room. */
static struct coprocess *
pick_coprocess(struct postprocess *p)
{
	struct coprocess *best = NULL, *none = NULL;

	for (size_t i = 0; i < p->count; i++) {
		struct coprocess *x = &p->filters[i];

		if (!x->pid)
			none = none ? none : x;
		else if (takes_more(x) && (!best || x->given.count < best->given.count))
			best = x;
	}
	if (none && (!best || best->given.count) && start_coprocess(p, none))
		return none;
	return best;
}

static bool
any_lives(const struct postprocess *p)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->filters[i].pid)
			return true;
	return false;
}

static void
give_job(struct coprocess *x, struct job *j)
{
	struct buf line = {0};

	if (!x->given.count)
		x->head_since = clock_ms();
	job_list_add(&x->given, j);
	batch_result_record(j->target->batch, j->line, strlen(j->line), &line);
	buf_add(&line, "\n", 1);
	coprocess_say(x, line.data, line.len);
	buf_free(&line);
}

static void
give_all(struct postprocess *p)
{
	char words[256];
	struct coprocess *x;
	struct job *j;

	while ((j = next_waiting(p))) {
		x = pick_coprocess(p);
		if (!x && (any_lives(p) || clock_ms() < p->pause_until))
			break;
		job_list_cut(&p->waiting, j);
		if (x) {
			give_job(x, j);
			continue;
		}
		snprintf(words, sizeof(words),
			 "the filter ends again and again without an answer, the last time with: %s", p->how);
		fail_job(p, j, true, "filter_died", words);
	}
	for (size_t i = 0; i < p->count; i++)
		if (p->filters[i].pid)
			coprocess_flush(&p->filters[i]);
}

/* It owes an answer, and may be keeping it until it is told that nothing follows. */
static bool
may_be_asked(const struct coprocess *x)
{
	return x->pid && !x->kill_at && !x->finishing && x->given.count;
}

static void
finish_last(struct postprocess *p)
{
	int64_t now = clock_ms();

	for (size_t i = 0; i < p->count; i++)
		if (may_be_asked(&p->filters[i]) && now >= p->filters[i].head_since + SILENT_MS)
			coprocess_finish(&p->filters[i]);
}

/* --- from outside --- */

struct postprocess *
postprocess_open(struct run *run, struct job_list *ended)
{
	static const char of_word[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/+-@:,";
	struct postprocess *p = buf_alloc(sizeof(*p));

	*p = (struct postprocess){.run = run, .ended = ended, .program = run->set->through};
	p->count = run->set->through_parallel ? (size_t)run->set->through_parallel : count_processors();
	p->filters = buf_alloc(p->count * sizeof(*p->filters));
	p->shell = p->program[strspn(p->program, of_word)] != '\0';
	if (p->shell) {
		p->argv[0] = "sh";
		p->argv[1] = "-c";
		p->argv[2] = (char *)(size_t)p->program;
	} else {
		if (strchr(p->program, '/') || path_of_program(&p->path, p->program) < 0) {
			buf_clear(&p->path);
			buf_str(&p->path, p->program);
		}
		p->argv[0] = p->path.data;
	}
	if (coprocess_start(&p->filters[0], p->argv, run->loop) < 0)
		msg_die(EX_UNAVAILABLE, "cannot start '%s' of --through: %s: is it there, or in PATH, and executable?",
			p->program, strerror(errno));
	return p;
}

void
postprocess_add(struct postprocess *p, struct job *j)
{
	p->jobs++;
	p->bytes += j->weight;
	if (run_is_ending(p->run))
		give_back(p, j);
	else
		job_list_add(&p->waiting, j);
}

/* When the next turn is worth its while; -1: not by time. */
static int64_t
find_due(const struct postprocess *p, bool last)
{
	int64_t due = p->waiting.count && clock_ms() < p->pause_until ? p->pause_until : -1;
	long answer_ms = p->run->set->through_ms;

	for (size_t i = 0; i < p->count; i++) {
		const struct coprocess *x = &p->filters[i];
		int64_t its = x->kill_at ? x->kill_at : x->given.count ? x->head_since + answer_ms : -1;

		if (last && may_be_asked(x))
			its = x->head_since + (SILENT_MS < answer_ms ? SILENT_MS : answer_ms);
		if (x->pid && its >= 0 && (due < 0 || its < due))
			due = its;
	}
	return due;
}

void
postprocess_turn(struct postprocess *p, const struct room *room, bool last)
{
	int64_t due;

	p->ended_bytes = 0;
	for (size_t i = 0; i < p->count && !p->run->fatal; i++)
		if (p->filters[i].pid)
			tend_coprocess(p, &p->filters[i], room);
	if (p->run->fatal)
		return;
	give_all(p);
	last = last && p->jobs && !next_waiting(p);
	if (last)
		finish_last(p);
	due = find_due(p, last);
	if (due >= 0)
		loop_set_timer(p->run->loop, &p->timer, due);
	else
		loop_stop_timer(p->run->loop, &p->timer);
}

bool
postprocess_is_empty(const struct postprocess *p)
{
	return p->jobs == 0;
}

bool
postprocess_is_full(const struct postprocess *p)
{
	return p->jobs >= WAITING_MAX || p->bytes >= WAITING_BYTES;
}

void
postprocess_finish(struct postprocess *p)
{
	int64_t until = clock_ms() + END_MS;

	for (size_t i = 0; i < p->count; i++)
		if (p->filters[i].pid)
			coprocess_finish(&p->filters[i]);
	for (size_t i = 0; i < p->count; i++) {
		struct coprocess *x = &p->filters[i];
		bool over = !x->pid || coprocess_await(x, until, p->run->signals);

		if (!over)
			run_note_signal(p->run);
		if (p->run->stop_signal)
			return;
		if (x->pid)
			say_last(p, over, coprocess_reap(x));
	}
}

static void
drop_list(struct postprocess *p, struct job_list *l)
{
	struct job *j;

	while ((j = job_list_take(l)))
		give_back(p, j);
}

void
postprocess_drop(struct postprocess *p)
{
	int64_t until = clock_ms() + STOP_MS;

	if (!p)
		return;
	for (size_t i = 0; i < p->count; i++)
		if (p->filters[i].pid)
			kill(-p->filters[i].pid, SIGTERM);
	for (size_t i = 0; i < p->count; i++) {
		if (p->filters[i].pid) {
			coprocess_await(&p->filters[i], until, -1);
			coprocess_reap(&p->filters[i]);
		}
		drop_list(p, &p->filters[i].given);
	}
	drop_list(p, &p->waiting);
	loop_stop_timer(p->run->loop, &p->timer);
	buf_free(&p->path);
	free(p->filters);
	free(p);
}
