#include "dispatch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "hosts/http_policy.h"
#include "page.h"
#include "stored.h"
#include "update.h"
#include "upload.h"

/* An item that was asked for again has no new result: the one that it has is said, and why. */
static void
on_not_updated(struct dispatch *d, struct job *j)
{
	struct json_object *extra = json_object_new_object();
	struct target *t = j->target;
	uint32_t item = j->item;
	struct buf line = {0};

	update_add_outcome(j, extra);
	buf_str(&line, j->update->line);
	job_free(j); /* the claim is let go */
	stored_say(d, t, item, &line, extra);
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

/* An item that no part has: it is fetched, or stays pending. A member of an archive that the batch has needs nothing
 * but that. */
static void
on_missed(struct dispatch *d, struct job *j)
{
	if (d->run.fatal || (d->run.set->offline && !(j->archive && j->archive < j->item &&
						      batch_state(j->target->batch, j->archive) == 'c'))) {
		d->parts->left += !d->run.fatal;
		job_free(j);
	} else if (j->archive) {
		job_release_claim(j);
		job_list_add(&d->members, j);
	} else if (j->claimed) {
		scheduler_add(d->scheduler, j);
	} else {
		scheduler_put(d->scheduler, j);
	}
}

/* A new job, which a part may have. */
static void
on_new(struct dispatch *d, struct job *j)
{
	if (!take_part_find(d->take, j))
		on_missed(d, j);
	else if (!stop_allows_start(&d->run))
		job_free(j); /* it stays pending */
	else if (scheduler_claim(d->scheduler, j))
		take_part_begin(d->take, j);
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

void
dispatch_begin(struct dispatch *d, struct job *j)
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

/* Whether J, whose attempt is over, is tried again in this run, and then after how long: *WAIT milliseconds. Its host
 * is held back if its answer asks for that. */
static bool
may_try_again(struct run *run, struct job *j, long *wait)
{
	struct verdict *v = &j->verdict;

	if (v->kind != AGAIN)
		return false;
	/* A job whose host is held back waits for its host's turn: it goes on early if the host is released. */
	*wait = http_policy_backoff(j->attempts, run->set->backoff_ms);
	if (v->hold && !run->fatal) {
		host_hold(j->host, v->wait_ms > 0 ? v->wait_ms : *wait, j->answer.retry_after_text);
		*wait = v->wait_ms > 0 ? *wait / 4 : 0;
	} else if (v->wait_ms > 0) {
		*wait = v->wait_ms + *wait / 4; /* the item alone waits: its host is asked for others */
	}
	if (j->attempts >= (unsigned)run->set->tries)
		v->kind = FAILED;
	else if (v->hold && !run->fatal)
		end_if_held_too_long(j);
	return v->kind == AGAIN;
}

/* Closes the body of J, as its verdict is: a complete one is written to its end, a part that can be resumed stays. */
static void
end_body(struct run *run, struct job *j)
{
	const struct verdict *v = &j->verdict;

	if (v->kind == FAILED || (v->kind != GOT && !j->validator[0]))
		body_drop(&j->body);
	else if (v->kind == AGAIN && body_flush(&j->body) < 0)
		run_fail(run, "writing a download");
	if (v->kind != GOT)
		return;
	resume_drop_left(j);
	if (body_end(&j->body) < 0)
		run_fail(run, local_is(j) ? "writing a copy" : "writing a download");
}

/* An attempt is over: tries again later, follows a redirect, or has the job committed. */
static void
on_finished(struct dispatch *d, struct job *j)
{
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
	again = may_try_again(&d->run, j, &wait);
	end_body(&d->run, j);
	stop_settle(j);
	scheduler_release(d->scheduler, j);
	if (d->run.fatal) {
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

void
dispatch_hand_on(struct dispatch *d)
{
	struct job *j;

	for (;;) {
		if ((j = job_list_take(&d->answered))) {
			verdict_http(j);
			resume_note_answer(j);
			on_finished(d, j);
		} else if ((j = job_list_take(&d->finished))) {
			on_finished(d, j);
		} else if ((j = job_list_take(&d->ended))) {
			commit_queue_add(d->commits, j);
		} else if ((j = job_list_take(&d->new))) {
			on_new(d, j);
		} else if ((j = job_list_take(&d->missed))) {
			on_missed(d, j);
		} else if (!run_queue_is_empty(&d->stored)) {
			stored_say_all(d);
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
	struct buf line = {.data = j->line, .len = strlen(j->line)};
	struct json_object *extra;

	if (j->taken) {
		stored_say(d, j->target, j->item, &line, NULL);
		return;
	}
	extra = j->update && !j->update->recheck ? json_object_new_object() : NULL;

	if (extra)
		update_add_outcome(j, extra);
	stored_say_result(d, j->target, j->line, strlen(j->line), true, extra);
	json_object_put(extra);
	if (j->update && j->update->unchanged) {
		page_want_stored(&d->run, &d->wants, j->target, j->line, strlen(j->line));
		archives_want_stored(d->archives, j->target, j->item, j->line, strlen(j->line));
	}
}

void
dispatch_take_group(struct dispatch *d, bool wait)
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

void
dispatch_commit_all(struct dispatch *d)
{
	do {
		dispatch_take_group(d, true);
		dispatch_hand_on(d);
	} while (!d->run.fatal && commit_queue_give(d->commits));
}
