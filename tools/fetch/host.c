#include "host.h"

#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "base/when.h"
#include "host_internal.h"
#include "hosts/host_limits.h"

/* A host that is held back may be released, so it is checked again after this time. */
enum { HELD_LOOK_MS = 1000 };

/* --- hold-backs --- */

/* The host is not held back. If that is earlier than expected, it was released, and the next wait is a new one. */
static void
note_not_held(struct host *h)
{
	if (h->held_until > clock_ms() + HELD_LOOK_MS)
		h->waits_since = 0;
	h->held_until = 0;
	h->held_too_long = false;
	h->retry_after[0] = '\0';
}

/* Reads until when the host is held back. Returns false after run_fail(). */
static bool
look_at_hold(struct host *h)
{
	int64_t left = h->limit ? host_limits_held(h->limit) : 0, now = clock_ms();
	long most = host_run(h)->set->max_wait_ms;

	if (left < 0) {
		run_fail(host_run(h), "reading in hosts/ whether a host is held back");
		return false;
	}
	if (left == 0) {
		note_not_held(h);
		return true;
	}
	if (!h->waits_since)
		h->waits_since = now;
	h->held_until = now + left;
	h->held_too_long = most >= 0 && h->held_until > h->waits_since + most;
	return true;
}

void
host_hold(struct host *h, long ms, const char *retry_after)
{
	if (!h->limit)
		return;
	if (host_limits_hold(h->limit, ms) < 0) {
		run_fail(host_run(h), "holding a host back");
		return;
	}
	if (look_at_hold(h) && retry_after)
		snprintf(h->retry_after, sizeof(h->retry_after), "%s", retry_after);
}

void
host_explain_hold(const struct host *h, struct buf *out)
{
	int64_t left = h->held_until - clock_ms();
	char until[WHEN_SIZE];

	when_print(until, time(NULL) + (time_t)((left > 0 ? left : 0) + 999) / 1000);
	if (h->retry_after[0])
		buf_printf(out, "the host asks to be left alone (Retry-After: %.40s), and is held back until %s",
			   h->retry_after, until);
	else
		buf_printf(out, "the host is held back until %s", until);
	buf_printf(out,
		   ", which is beyond --max-wait: the next run after that tries again, one with --max-wait none waits, "
		   "and `bi-clean release %.80s` lets all programs ask it now",
		   h->name);
}

/* --- slots --- */

/* Pauses the host, which has no slot for us for WAIT milliseconds, or with RC below -1 fails the run. Returns true if
 * the host is held back for too long, so that its jobs need no slot. */
static bool
wait_for_slot(struct host *h, int rc, int64_t wait)
{
	if (rc < -1) {
		run_fail(host_run(h), "asking for a slot in hosts/");
		return false;
	}
	if (!look_at_hold(h) || h->held_too_long)
		return h->held_too_long;
	host_pause(h, clock_ms() + (h->held_until && wait > HELD_LOOK_MS ? HELD_LOOK_MS : wait));
	host_update(h);
	return false;
}

bool
host_acquire_slot(struct host *h, int *slot)
{
	int64_t wait = 0;
	int kept = host_take_kept(h);

	/* Jobs of a host that was given up end at once and need no slot. */
	*slot = -1;
	if (h->held_too_long && !look_at_hold(h))
		return false;
	if (h->refusal || h->held_too_long) {
		host_release_slot(h, kept);
		return true;
	}
	if (!h->limit)
		*slot = 0;
	else
		*slot = kept < 0 ? slot_take(h->limit, &wait) : slot_retake(h->limit, kept, &wait);
	if (*slot >= 0) {
		if (h->held_until)
			note_not_held(h);
		return true;
	}
	return wait_for_slot(h, *slot, wait);
}

bool
host_count_start(struct host *h, int slot)
{
	int64_t wait = 0;
	int rc = h->limit && slot >= 0 ? slot_count_start(h->limit, slot, &wait) : 0;

	if (rc < 0)
		(void)wait_for_slot(h, rc, wait);
	return rc >= 0;
}

bool
host_spend(struct host *h, size_t n)
{
	int64_t wait = h->bandwidth ? host_limits_spend(h->limit, n, (uint64_t)h->bandwidth) : 0;

	if (wait > 0)
		h->dry_until = clock_ms() + wait;
	if (wait < 0)
		run_fail(host_run(h), "counting a host's bytes");
	return wait >= 0;
}

/* --- verdicts --- */

/* Records that the host cannot be reached. One that refuses connections for a while is given up for the rest of the
 * run. */
static void
note_refused(struct host *h)
{
	int64_t now = clock_ms();
	char why[160];

	if (!h->refused_since)
		h->refused_since = now;
	h->refused_last = now;
	if (now - h->refused_since < host_run(h)->set->give_up_ms)
		return;
	snprintf(why, sizeof(why), "it has refused connections for %lld s", (long long)(now - h->refused_since) / 1000);
	host_give_up(h, why);
}

void
host_apply_verdict(struct host *h, struct verdict *v)
{
	if (v->reached)
		h->refused_since = 0;
	if (v->reached && !v->hold)
		h->waits_since = 0;
	if (v->unreachable)
		note_refused(h);
	if (v->refusal)
		host_give_up(h, v->refusal);
	h->opt_outs += v->opted_out;
	if (v->network && v->kind == AGAIN && h->refusal)
		v->kind = FAILED;
}
