/*
 * through: results on their way through --through PROGRAM, between the writer's first look at a job, which publishes
 * its file, and its second, which records it.
 *
 * Jobs wait in one line and go to the co-process (coprocess.h) that has the fewest. Each answers in order, so what it
 * does wrong is the fault of the first that it was given and has not answered; the others go to the next one.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

struct through {
	const char *program; /* as it was given */
	char *argv[4];
	struct buf path;
	bool shell;
	struct filter *filters;
	size_t count;
	struct job_list waiting;
	size_t jobs, bytes; /* of all that wait, or are with a filter */
	bool warned;
	bool answered;       /* once at least in this run */
	unsigned barren;     /* starts in a row that came to nothing */
	int64_t pause_until; /* one was killed: no other one before this moment */
	int64_t rest_until;  /* with BARREN_MAX of them: no other one before this moment */
	char how[128];       /* the last of these ended */
};

/* --- jobs, on their way out --- */

static void
leave(struct through *th, const struct job *j)
{
	th->jobs--;
	th->bytes -= j->weight;
}

static void
fail(struct fetch *f, struct job *j, bool retryable, const char *code, const char *message)
{
	leave(f->through, j);
	judge_fail(j, false, code, "%s", message);
	j->verdict.retryable = retryable;
	free(j->line);
	j->line = NULL; /* the writer makes another, and takes the file away */
	settle_add(f, j);
}

/* It is pending again, and so it has no file. */
static void
give_back(struct through *th, struct job *j)
{
	leave(th, j);
	if (unlinkat(batch_filesfd(j->target->batch), j->name, 0) < 0 && errno != ENOENT)
		msg_warn_errno("cannot remove %s, which is not recorded", j->name);
	job_free(j);
}

/* --- answers --- */

static void
accept_answer(struct fetch *f, struct job *j, struct json_object *answer)
{
	char *line = filtered_line(j, answer);

	if (!line) {
		fail(f, j, true, "filter_failed", "the record would be longer than 1 MiB with what the filter adds");
		return;
	}
	leave(f->through, j);
	free(j->line);
	j->line = line;
	settle_add(f, j);
}

static void
accept_failure(struct fetch *f, struct job *j, struct json_object *answer)
{
	const char *code, *message;
	bool retryable = filtered_failure(answer, &code, &message);

	fail(f, j, retryable, code, message);
}

/* One line of the filter X. */
static void
take_answer(struct fetch *f, struct filter *x, const struct rec *r)
{
	struct job *j = x->given.first;
	const char *status = rec_string(r->json, "status");
	struct buf why = {0};

	if (r->kind == REC_JSON && rec_string(r->json, "end") && !json_object_object_get_ex(r->json, "item", NULL))
		return;
	if (filter_is_done(x))
		return;
	if (j)
		job_list_cut(&x->given, j);
	x->head_since = clock_ms();
	if (!j) {
		if (!f->through->warned)
			msg_warn("'%s' writes lines that answer nothing: each time it is started again",
				 f->through->program);
		f->through->warned = true;
	} else if (filtered_wrong(j, r, &why)) {
		utf8_replace_invalid(why.data);
		fail(f, j, true, "filter_failed", why.data);
	} else {
		x->answered = f->through->answered = true;
		f->through->barren = 0;
		if (status && strcmp(status, "failed") == 0)
			accept_failure(f, j, r->json);
		else
			accept_answer(f, j, r->json);
		return;
	}
	/* Which line answers which is not known any more. */
	buf_free(&why);
	x->why = TALKS_NONSENSE;
	filter_close(x, clock_ms());
}

static void
take_answers(struct fetch *f, struct filter *x)
{
	enum rec_kind kind;
	struct rec r;

	while (!x->kill_at && !settle_is_behind(f) && (kind = filter_read(x, &r)) != REC_MORE)
		if (kind == REC_EOF)
			filter_close(x, clock_ms() + (filter_is_done(x) ? END_MS : LAST_MS));
		else
			take_answer(f, x, &r);
	if (x->kill_at)
		return;
	filter_hold(x, settle_is_behind(f));
	if (x->unheard) {
		x->ready = true;
		x->head_since = clock_ms();
	} else if (x->exited) {
		filter_close(x, clock_ms());
	}
}

/* --- beginning and ending --- */

static void
count_barren(struct through *th, const struct filter *x)
{
	if (x->answered || x->why == TOO_SLOW)
		return;
	th->barren++;
	th->rest_until = clock_ms() + REST_MS;
	if (th->barren == BARREN_MAX)
		msg_warn("'%s' ended %d times without an answer, the last time with: %s; it is now started every %d "
			 "seconds, and what comes meanwhile fails",
			 th->program, BARREN_MAX, th->how, REST_MS / 1000);
}

/* The errno of what ends us too, 0 where it is the item's: the disk takes no more of what it makes; or there is no such
 * program, which the shell says so. */
static int
ends_us(const struct through *th, const struct filter *x, int code)
{
	if (x->why != DIES || !x->exited)
		return 0;
	if (code == EX_IOERR)
		return EIO;
	return !th->shell || th->answered ? 0 : code == 126 ? EACCES : code == 127 ? ENOENT : 0;
}

static void
say_last(const struct through *th, bool over, int code)
{
	if (!over)
		msg_warn("'%s' did not end within %d s of its last answer: it was killed", th->program, END_MS / 1000);
	else if (code && code != EX_SOME_FAILED) /* these are said already */
		msg_warn("'%s' ended with exit code %d after its last answer", th->program, code);
}

/* X has ended: the first of its jobs fails for it, unless that is done; the others wait again, before those that do. */
static void
bury(struct fetch *f, struct filter *x)
{
	struct through *th = f->through;
	struct job *head = x->why == DIES ? x->given.first : NULL, *j;
	char words[256];
	bool done = filter_is_done(x) && x->why == DIES;
	int code = filter_reap(x), error;

	if (done) {
		say_last(th, x->exited, code);
		return;
	}
	filter_how(x, code, th->how, sizeof(th->how));
	if ((error = ends_us(th, x, code))) {
		errno = error;
		fetch_fail(f, error == EIO ? "keeping what the program of --through makes"
					   : "starting the program of --through with sh");
		f->fatal_code = error == EIO ? EX_IOERR : EX_UNAVAILABLE;
		return; /* all stays pending */
	}
	if (head && x->exited && helper_was_killed(code) && ++head->troubles < HELPER_TRIES) {
		th->pause_until =
			clock_ms() + ((int64_t)PAUSE_MS << head->troubles); /* it waits again, as the others */
	} else if (head) {
		job_list_cut(&x->given, head);
		snprintf(words, sizeof(words), "the filter ended before it answered: %s%s", th->how,
			 x->exited && code == 0 ? " " FILTER_ANSWERS : "");
		fail(f, head, true, "filter_died", words);
	}
	if (head || x->why == TALKS_NONSENSE)
		count_barren(th, x);
	while ((j = x->given.last)) {
		job_list_cut(&x->given, j);
		job_list_push(&th->waiting, j);
	}
}

static bool
start(struct fetch *f, struct filter *x)
{
	struct through *th = f->through;

	if (clock_ms() < th->pause_until)
		return false;
	if (th->barren >= BARREN_MAX) {
		if (clock_ms() < th->rest_until)
			return false;
		th->rest_until = clock_ms() + REST_MS;
	}
	if (filter_start(x, th->argv, f->epoll) == 0)
		return true;
	snprintf(th->how, sizeof(th->how), "it cannot be started: %s", strerror(errno));
	count_barren(th, x);
	return false;
}

static bool
is_late(const struct fetch *f, const struct filter *x)
{
	return !x->kill_at && x->given.first && clock_ms() >= x->head_since + f->set->through_ms;
}

/* What has become of X since the last turn. */
static void
tend(struct fetch *f, struct filter *x)
{
	int64_t now = clock_ms();
	char words[128];

	/* An answer that has come is in time, whatever kept us. */
	if (x->ready || is_late(f, x)) {
		x->ready = false;
		filter_flush(x);
		if (!x->kill_at)
			take_answers(f, x);
	}
	if (is_late(f, x)) {
		struct job *j = x->given.first;

		job_list_cut(&x->given, j);
		snprintf(words, sizeof(words), "the filter did not answer within %g s",
			 (double)f->set->through_ms / 1000);
		fail(f, j, true, "filter_timeout", words);
		x->why = TOO_SLOW;
		filter_close(x, now);
	}
	if (x->kill_at && (filter_is_over(x) || now >= x->kill_at))
		bury(f, x);
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
is_awaiting_members(const struct through *th, const struct job *j)
{
	if (j->members < 0)
		return false;
	for (size_t i = 0; i < th->count; i++)
		if (has_members(&th->filters[i].given, NULL, j))
			return true;
	return has_members(&th->waiting, j, j);
}

static struct job *
next_waiting(const struct through *th)
{
	struct job *j = th->waiting.first;

	while (j && is_awaiting_members(th, j))
		j = j->next;
	return j;
}

static bool
takes_more(const struct filter *x)
{
	return x->pid && !x->kill_at && !x->finishing && x->in >= 0 && x->given.count < WINDOW &&
	       filter_unsent(x) < UNSENT_MAX;
}

/* The one that has least to do; another is started before two wait for one. NULL: none has room. */
static struct filter *
pick(struct fetch *f)
{
	struct through *th = f->through;
	struct filter *best = NULL, *none = NULL;

	for (size_t i = 0; i < th->count; i++) {
		struct filter *x = &th->filters[i];

		if (!x->pid)
			none = none ? none : x;
		else if (takes_more(x) && (!best || x->given.count < best->given.count))
			best = x;
	}
	if (none && (!best || best->given.count) && start(f, none))
		return none;
	return best;
}

static bool
any_lives(const struct through *th)
{
	for (size_t i = 0; i < th->count; i++)
		if (th->filters[i].pid)
			return true;
	return false;
}

static void
give(struct filter *x, struct job *j)
{
	struct buf line = {0};

	if (!x->given.count)
		x->head_since = clock_ms();
	job_list_add(&x->given, j);
	batch_result_record(j->target->batch, j->line, strlen(j->line), &line);
	buf_add(&line, "\n", 1);
	filter_say(x, line.data, line.len);
	buf_free(&line);
}

static void
give_all(struct fetch *f)
{
	struct through *th = f->through;
	char words[256];
	struct filter *x;
	struct job *j;

	while ((j = next_waiting(th))) {
		x = pick(f);
		if (!x && (any_lives(th) || clock_ms() < th->pause_until))
			break;
		job_list_cut(&th->waiting, j);
		if (x) {
			give(x, j);
			continue;
		}
		snprintf(words, sizeof(words),
			 "the filter ends again and again without an answer, the last time with: %s", th->how);
		fail(f, j, true, "filter_died", words);
	}
	for (size_t i = 0; i < th->count; i++)
		if (th->filters[i].pid)
			filter_flush(&th->filters[i]);
}

/* Nothing is under way but what filters have. */
static bool
is_last(const struct fetch *f)
{
	const struct through *th = f->through;

	return th->jobs && !next_waiting(th) && !f->intake_open && plan_is_empty(f) && !f->ended.count && !f->group &&
	       expansion_is_empty(f);
}

/* It owes an answer, and may be keeping it until it is told that nothing follows. */
static bool
may_be_asked(const struct filter *x)
{
	return x->pid && !x->kill_at && !x->finishing && x->given.count;
}

static void
finish_last(struct fetch *f)
{
	struct through *th = f->through;
	int64_t now = clock_ms();

	if (!is_last(f))
		return;
	for (size_t i = 0; i < th->count; i++)
		if (may_be_asked(&th->filters[i]) && now >= th->filters[i].head_since + SILENT_MS)
			filter_finish(&th->filters[i]);
}

/* --- the loop's --- */

static bool
is_word(const char *s)
{
	static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/+-@:,";

	return strspn(s, good) == strlen(s);
}

void
through_open(struct fetch *f)
{
	struct through *th;

	if (!f->set->through)
		return;
	f->through = th = buf_alloc(sizeof(*th));
	th->program = f->set->through;
	th->count = f->set->through_parallel ? (size_t)f->set->through_parallel : count_processors();
	th->filters = buf_alloc(th->count * sizeof(*th->filters));
	th->shell = !is_word(th->program);
	if (th->shell) {
		th->argv[0] = "sh";
		th->argv[1] = "-c";
		th->argv[2] = (char *)(size_t)th->program;
	} else {
		if (strchr(th->program, '/') || path_of_program(&th->path, th->program) < 0) {
			buf_clear(&th->path);
			buf_str(&th->path, th->program);
		}
		th->argv[0] = th->path.data;
	}
	if (filter_start(&th->filters[0], th->argv, f->epoll) < 0)
		msg_die(EX_UNAVAILABLE, "cannot start '%s' of --through: %s: is it there, or in PATH, and executable?",
			th->program, strerror(errno));
}

void
through_add(struct fetch *f, struct job *j)
{
	struct through *th = f->through;

	th->jobs++;
	th->bytes += j->weight;
	if (f->fatal || f->stop_signal)
		give_back(th, j);
	else
		job_list_add(&th->waiting, j);
}

void
through_turn(struct fetch *f)
{
	struct through *th = f->through;

	if (!th || f->stop_signal)
		return;
	for (size_t i = 0; i < th->count && !f->fatal; i++)
		if (th->filters[i].pid)
			tend(f, &th->filters[i]);
	if (f->fatal)
		return;
	give_all(f);
	finish_last(f);
}

bool
through_has(struct fetch *f, int fd)
{
	struct through *th = f->through;

	for (size_t i = 0; th && i < th->count; i++) {
		struct filter *x = &th->filters[i];

		if (!x->pid || (fd != x->pidfd && fd != x->in && fd != x->out))
			continue;
		x->ready = true;
		filter_is_over(x);
		return true;
	}
	return false;
}

int64_t
through_due(const struct fetch *f)
{
	const struct through *th = f->through;
	bool last = th && is_last(f);
	int64_t due = th && th->waiting.count && clock_ms() < th->pause_until ? th->pause_until : -1;

	for (size_t i = 0; th && i < th->count; i++) {
		const struct filter *x = &th->filters[i];
		int64_t its = x->kill_at ? x->kill_at : x->given.count ? x->head_since + f->set->through_ms : -1;

		if (last && may_be_asked(x))
			its = x->head_since + (SILENT_MS < f->set->through_ms ? SILENT_MS : f->set->through_ms);

		if (x->pid && its >= 0 && (due < 0 || its < due))
			due = its;
	}
	return due;
}

bool
through_is_empty(const struct fetch *f)
{
	return !f->through || f->through->jobs == 0;
}

bool
through_is_full(const struct fetch *f)
{
	return f->through && (f->through->jobs >= WAITING_MAX || f->through->bytes >= WAITING_BYTES);
}

void
through_end(struct fetch *f)
{
	struct through *th = f->through;
	int64_t until = clock_ms() + END_MS;

	if (!th)
		return;
	for (size_t i = 0; i < th->count; i++)
		if (th->filters[i].pid)
			filter_finish(&th->filters[i]);
	for (size_t i = 0; i < th->count; i++) {
		struct filter *x = &th->filters[i];
		bool over = !x->pid || filter_await(x, until, f->signals);

		if (!over)
			loop_note_signal(f);
		if (f->stop_signal)
			return;
		if (!x->pid)
			continue;
		say_last(th, over, filter_reap(x));
	}
}

static void
drop_list(struct through *th, struct job_list *l)
{
	while (l->first) {
		struct job *j = l->first;

		job_list_cut(l, j);
		give_back(th, j);
	}
}

void
through_drop_all(struct fetch *f)
{
	struct through *th = f->through;
	int64_t until = clock_ms() + STOP_MS;

	if (!th)
		return;
	for (size_t i = 0; i < th->count; i++)
		if (th->filters[i].pid)
			kill(-th->filters[i].pid, SIGTERM);
	for (size_t i = 0; i < th->count; i++) {
		if (th->filters[i].pid) {
			filter_await(&th->filters[i], until, -1);
			filter_reap(&th->filters[i]);
		}
		drop_list(th, &th->filters[i].given);
	}
	drop_list(th, &th->waiting);
	buf_free(&th->path);
	free(th->filters);
	free(th);
	f->through = NULL;
}
