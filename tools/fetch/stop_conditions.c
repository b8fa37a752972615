#include "stop_conditions.h"

#include <inttypes.h>
#include <string.h>
#include <sys/statvfs.h>

#include "base/clock.h"
#include "base/human.h"
#include "base/msg.h"
#include "base/trouble.h"
#include "host.h"
#include "job.h"

/* How long what the file system said of its space is believed: others write to it too. */
enum { ROOM_MS = 200 };

/* A host is asked for no more before some of so many results are decided: all of them may be failures. */
enum { UNDECIDED_MAX = 32 };

static void
note_reason(struct run *run, enum stop_reason reason)
{
	if (!run->stops.reason)
		run->stops.reason = reason;
}

/* --- bytes --- */

static void
set_share(struct job *j, uint64_t bytes, uint64_t unwritten)
{
	struct stop_conditions *s = &j->run->stops;

	s->in_flight += bytes - j->share.bytes;
	s->unwritten += unwritten - j->share.unwritten;
	j->share.bytes = bytes;
	j->share.unwritten = unwritten;
}

void
stop_settle(struct job *j)
{
	const struct body *b = &j->body;

	set_share(j, b->bytes, body_in_memory(b));
}

void
stop_count_stored(struct job *j)
{
	if (j->verdict.kind == GOT)
		j->run->stops.stored += j->body.bytes;
	set_share(j, 0, 0);
}

/* Whether N bytes can be written and --min-free be kept. Bytes in memory will be written: they count. */
static bool
has_room(struct run *run, uint64_t n)
{
	struct stop_conditions *s = &run->stops;
	int64_t now = clock_ms();
	uint64_t unwritten;
	struct statvfs v;

	if (!run->set->min_free)
		return true;
	if (now >= s->room_until || s->room < (int64_t)n) {
		unwritten = body_store_unwritten(run->bodies);
		if (fstatvfs(run->temp, &v) < 0) {
			run_fail(run, "asking for the free space, which --min-free is about,");
			return false;
		}
		s->room = (int64_t)((uint64_t)v.f_bavail * v.f_frsize) - run->set->min_free -
			  (int64_t)(s->unwritten + unwritten);
		s->room_until = now + ROOM_MS;
	}
	if (s->room < (int64_t)n)
		return false;
	s->room -= (int64_t)n;
	return true;
}

bool
stop_allows(struct job *j, uint64_t bytes, uint64_t written, uint64_t whole)
{
	struct run *run = j->run;
	struct stop_conditions *s = &run->stops;
	uint64_t most = (uint64_t)run->set->max_total;

	stop_settle(j);
	if (most && (j->body.bytes + bytes > most || whole > most)) {
		j->over_total = true;
		return false;
	}
	if (most && s->stored + s->in_flight + bytes > most)
		note_reason(run, STOP_MAX_TOTAL);
	else if (!has_room(run, written))
		note_reason(run, run->fatal ? STOP_NONE : STOP_MIN_FREE);
	else {
		set_share(j, j->share.bytes + bytes, j->share.unwritten + written);
		return true;
	}
	j->stays_pending = true;
	return false;
}

bool
stop_allows_start(struct run *run)
{
	struct stop_conditions *s = &run->stops;
	uint64_t most = (uint64_t)run->set->max_total;

	if (s->reason || s->doubted)
		return false;
	if (most && s->stored + s->in_flight >= most)
		note_reason(run, STOP_MAX_TOTAL);
	else if (!has_room(run, 0))
		note_reason(run, run->fatal ? STOP_NONE : STOP_MIN_FREE);
	return !s->reason && !run->fatal;
}

/* --- failures --- */

/* Failures in a row if all that is undecided has failed; and if it is completed. */
static uint64_t
most_in_a_row(const struct stop_streak *s)
{
	return s->failed - s->forgiven;
}

static uint64_t
least_in_a_row(const struct stop_streak *s)
{
	return s->failed - (s->undecided && s->hoped > s->forgiven ? s->hoped : s->forgiven);
}

static void
expect_success(struct stop_streak *s, uint64_t *before)
{
	*before = s->hoped = s->failed;
	s->undecided++;
}

static void
count_success(struct stop_streak *s, uint64_t before)
{
	if (before > s->forgiven)
		s->forgiven = before;
}

/* Whether it says something about its host: it was asked for, and nobody cancelled it. */
static bool
is_telling(const struct job *j)
{
	static const char *const silent[] = {"bad_url", "cancelled", HOST_BUSY_CODE, "host_given_up"};

	if (j->attempts == 0 || j->archive)
		return false;
	for (size_t i = 0; j->verdict.kind != GOT && i < sizeof(silent) / sizeof(*silent); i++)
		if (strcmp(j->code, silent[i]) == 0)
			return false;
	return true;
}

/* A filter may wait for more before it answers: then nothing waits for it. */
static bool
must_know_first(const struct run *run, const struct stop_streak *s)
{
	return !run->set->through &&
	       (most_in_a_row(s) >= (uint64_t)run->set->stop_after || s->undecided >= UNDECIDED_MAX);
}

void
stop_expect(struct job *j, struct host *h)
{
	if (!is_telling(j) || j->share.host)
		return;
	j->share.host = h;
	expect_success(&h->streak, &j->share.failed_before);
	expect_success(&j->run->stops.hosts, &j->share.hosts_before);
	h->doubted = !h->left && must_know_first(j->run, &h->streak);
}

/* Its result is decided, or will never be. */
static void
settle_result(struct job *j)
{
	if (!j->share.host)
		return;
	j->share.host->streak.undecided--;
	j->run->stops.hosts.undecided--;
	j->share.host = NULL;
}

void
stop_forget(struct job *j)
{
	set_share(j, 0, 0);
	settle_result(j);
}

static void
leave_host(struct run *run, struct host *h, const struct job *j)
{
	uint64_t n = most_in_a_row(&h->streak);

	h->left = true;
	run->stops.hosts_left++;
	msg_warn("%s: %" PRIu64 " item%s failed one after the other, the last with %s: its other items stay pending "
		 "(--stop-after)",
		 *h->name ? h->name : "files of this machine", n, n == 1 ? "" : "s", j->code);
	/* The batch of a worker cannot end with items left. */
	if (run->set->work)
		note_reason(run, STOP_FAILURES);
}

/* What follows from all that is known. Returns true if H is to be left alone from now on; J has the last result. */
static bool
draw_conclusions(const struct job *j, struct host *h)
{
	struct run *run = j->run;
	const struct stop_streak *hosts = &run->stops.hosts;
	uint64_t most = (uint64_t)run->set->stop_after;
	bool leaves = !h->left && least_in_a_row(&h->streak) >= most;

	if (least_in_a_row(hosts) >= most)
		note_reason(run, STOP_FAILURES);
	run->stops.doubted = !run->set->through && most_in_a_row(hosts) >= most;
	if (leaves)
		leave_host(run, h, j);
	h->doubted = !h->left && must_know_first(run, &h->streak);
	return leaves;
}

bool
stop_take_back(struct job *j)
{
	struct host *h = j->share.host;

	settle_result(j);
	return draw_conclusions(j, h);
}

bool
stop_count_result(struct job *j, struct host *h)
{
	struct stop_streak *hosts = &j->run->stops.hosts;

	if (!is_telling(j)) {
		settle_result(j);
	} else if (j->verdict.kind == GOT) {
		count_success(&h->streak, j->share.failed_before);
		count_success(hosts, j->share.hosts_before);
		settle_result(j);
	} else {
		settle_result(j);
		h->streak.failed++;
		if (h->counted <= hosts->forgiven && !h->left)
			h->counted = ++hosts->failed;
	}
	return draw_conclusions(j, h);
}

/* --- the end --- */

int
stop_say_end(const struct run *run)
{
	const struct stop_conditions *s = &run->stops;
	char size[HUMAN_ROOM], most[HUMAN_ROOM];
	uint64_t n;

	switch (s->reason) {
	case STOP_MIN_FREE:
		human_bytes(most, (double)run->set->min_free);
		msg_warn("stopped by --min-free: less than %s would be free on the disk of %s; what is not done is "
			 "pending: make room and run the same command again",
			 most, run->root.path);
		return EX_IOERR;
	case STOP_MAX_TOTAL:
		human_bytes(size, (double)s->stored);
		human_bytes(most, (double)run->set->max_total);
		msg_warn("stopped by --max-total %s: this run has stored %s; what is not done is pending: run the same "
			 "command again to go on",
			 most, size);
		return EX_TEMPFAIL;
	case STOP_FAILURES:
		n = most_in_a_row(&s->hosts);
		msg_warn("stopped by --stop-after: items of %" PRIu64
			 " host%s failed, and none was completed in between; "
			 "what is not done is pending: `bi-status -i -f` says why they failed; mend that and run the "
			 "same command again",
			 n, n == 1 ? "" : "s");
		return EX_TEMPFAIL;
	case STOP_NONE:
		break;
	}
	if (!s->hosts_left)
		return EX_ALL_WELL;
	msg_warn("%" PRIu64 " item%s of %u host%s %s pending (--stop-after): `bi-status -i -f` says why the others "
		 "failed; mend that and run the same command again",
		 s->items_left, s->items_left == 1 ? "" : "s", s->hosts_left, s->hosts_left == 1 ? "" : "s",
		 s->items_left == 1 ? "is" : "are");
	return EX_TEMPFAIL;
}
