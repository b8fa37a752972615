#include "host.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/msg.h"
#include "base/scan.h"
#include "base/when.h"
#include "hosts/host_limits.h"
#include "hosts/http_policy.h"

/* Concurrent transfers: of local files, and of a host without a rule. */
enum { LOCAL_AT_ONCE = 4, USUAL_AT_ONCE = 6 };

/* The most idle hosts that are remembered; above that, those that were idle longest are forgotten. */
enum { IDLE_MAX = 2048 };

/* A worker runs for a long time, so it tries a host that refused connections again after this time. */
enum { FORGIVEN_MS = 5 * 60 * 1000 };

/* A host that is held back may be released, so it is checked again after this time. */
enum { HELD_LOOK_MS = 1000 };

enum { BUCKETS = 1024, KEPT_MAX = 64, KNOWN = 256, ORIGIN_MAX = 120 };

struct host_table {
	struct run *run;
	struct host_limits *limits;
	struct host_rules *rules;
	struct host *buckets[BUCKETS];
	struct host *turn;             /* the ring's next */
	struct host *idle, *last_idle; /* idle hosts that are remembered, the longest idle first */
	size_t idle_count;
	struct kept_slot {
		struct host *host;
		int slot;
	} kept[KEPT_MAX]; /* slots of transfers that just ended */
	size_t kept_count;
	/* The hosts of URLs that were asked for lately, by scheme, host and port as the URLs have them. */
	struct known_origin {
		char text[ORIGIN_MAX];
		size_t n;
		struct host *host; /* NULL: none */
	} known[KNOWN];
};

struct host_table *
host_table_open(struct run *run)
{
	struct host_table *t = buf_alloc(sizeof(*t));

	t->run = run;
	t->limits = host_limits_open(&run->root);
	if (!t->limits)
		msg_die_errno(msg_exit_code(errno), "cannot make the directory hosts in %s", run->root.path);
	t->rules = host_rules_load(run->root.path);
	return t;
}

const struct host_rules *
host_table_rules(const struct host_table *t)
{
	return t->rules;
}

static unsigned
bucket_of(const char *name)
{
	unsigned h = 5381;

	for (; *name; name++)
		h = h * 33 + (unsigned char)*name;
	return h % BUCKETS;
}

static void
on_pause_over(void *arg)
{
	host_update(arg);
}

static struct host *
find_or_make(struct host_table *t, const char *name)
{
	struct host **at = &t->buckets[bucket_of(name)];
	struct host *h;

	while (*at && strcmp((*at)->name, name) != 0)
		at = &(*at)->next;
	if (*at)
		return *at;
	h = buf_alloc(sizeof(*h));
	*h = (struct host){
		.table = t,
		.name = buf_strdup(name),
		.cap = LOCAL_AT_ONCE,
		.pause = {.call = on_pause_over, .arg = h},
	};
	*at = h;
	return h;
}

/* Gives the host up: it gets no more requests in this run. */
static void
note_refusal(struct host *h, const char *why)
{
	if (!h->refusal)
		h->refusal = buf_strdup(why);
}

/* Each value comes from the command line, or else from the rule of the host, or else is the default. */
static void
set_limits(struct host *h, const char *key)
{
	const struct settings *set = h->table->run->set;
	const struct host_rule *r = &h->rule;
	double rate = set->rate > 0 ? set->rate : r->rate > 0 ? r->rate : 0;

	h->cap = set->per_host ? (unsigned)set->per_host : r->slots ? r->slots : USUAL_AT_ONCE;
	h->bandwidth = set->limit_rate ? set->limit_rate : r->bandwidth > 0 ? r->bandwidth : 0;
	h->limit = host_limits_enter(h->table->limits, key, h->cap, rate);
	if (!h->limit)
		run_fail(h->table->run, "taking part in hosts/");
	if (r->contact && !set->contact && !set->user_agent)
		note_refusal(h, http_policy_no_contact);
}

static void
ring_add(struct host *h)
{
	struct host_table *t = h->table;

	if (t->turn) {
		h->turn = t->turn;
		h->before = t->turn->before;
		h->before->turn = h;
		t->turn->before = h;
	} else {
		t->turn = h->turn = h->before = h;
	}
	h->in_turn = true;
}

static void
ring_cut(struct host *h)
{
	struct host_table *t = h->table;

	h->before->turn = h->turn;
	h->turn->before = h->before;
	if (t->turn == h)
		t->turn = h->turn == h ? NULL : h->turn;
	h->in_turn = false;
}

static void
idle_cut(struct host *h)
{
	struct host_table *t = h->table;

	if (!h->idle)
		return;
	*(h->idle_before ? &h->idle_before->idle_next : &t->idle) = h->idle_next;
	*(h->idle_next ? &h->idle_next->idle_before : &t->last_idle) = h->idle_before;
	h->idle_before = h->idle_next = NULL;
	h->idle = false;
	t->idle_count--;
}

/* Takes a slot of the host that was kept; -1 for none. */
static int
take_kept(const struct host *h)
{
	struct host_table *t = h->table;

	for (size_t i = 0; i < t->kept_count; i++)
		if (t->kept[i].host == h) {
			int slot = t->kept[i].slot;

			t->kept[i] = t->kept[--t->kept_count];
			return slot;
		}
	return -1;
}

static void
forget_origins(const struct host *h)
{
	for (size_t i = 0; h->has_origins && i < KNOWN; i++)
		if (h->table->known[i].host == h)
			h->table->known[i].host = NULL;
}

static void
free_host(struct host *h)
{
	struct host **at = &h->table->buckets[bucket_of(h->name)];
	int kept;

	while (*at != h)
		at = &(*at)->next;
	*at = h->next;
	while ((kept = take_kept(h)) >= 0)
		host_release_slot(h, kept);
	idle_cut(h);
	host_pause(h, 0);
	if (h->in_turn)
		ring_cut(h);
	forget_origins(h);
	host_limits_leave(h->limit);
	free(h->refusal);
	run_queue_free(&h->parked);
	free(h->name);
	free(h);
}

/* Remembers an idle host. */
static void
idle_add(struct host *h)
{
	struct host_table *t = h->table;

	h->idle_before = t->last_idle;
	*(t->last_idle ? &t->last_idle->idle_next : &t->idle) = h;
	t->last_idle = h;
	h->idle = true;
	if (++t->idle_count > IDLE_MAX)
		free_host(t->idle);
}

void
host_update(struct host *h)
{
	bool may = h->queue.count > 0 && h->active < h->cap && !h->pause.at && !h->doubted;

	if (may && !h->in_turn)
		ring_add(h);
	else if (!may && h->in_turn)
		ring_cut(h);
	idle_cut(h);
	if (h->limit && h->queue.count == 0 && run_queue_is_empty(&h->parked))
		slot_stop_waiting(h->limit);
	if (h->queue.count > 0 || h->active > 0 || h->streak.undecided > 0 || !run_queue_is_empty(&h->parked))
		return;
	if (h->refusal || h->refused_since || h->opt_outs || h->waits_since || h->streak.failed || h->left)
		idle_add(h);
	else
		free_host(h);
}

void
host_pause(struct host *h, int64_t due)
{
	if (due)
		loop_set_timer(h->table->run->loop, &h->pause, due);
	else
		loop_stop_timer(h->table->run->loop, &h->pause);
}

struct host_waits
host_table_waits(const struct host_table *t, int64_t ms)
{
	int64_t soon = clock_ms() + ms;
	struct host_waits w = {0};

	for (size_t i = 0; i < BUCKETS; i++)
		for (const struct host *h = t->buckets[i]; h; h = h->next) {
			bool held = h->pause.at && h->held_until > soon;

			w.count += held || (h->pause.at && h->pause.due > soon);
			if (held && (!w.held || h->held_until > w.held->held_until))
				w.held = h;
		}
	return w;
}

struct host *
host_table_next(struct host_table *t)
{
	struct host *h = t->turn;

	if (h)
		t->turn = h->turn;
	return h;
}

bool
host_table_has_next(const struct host_table *t)
{
	return t->turn;
}

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
	long most = h->table->run->set->max_wait_ms;

	if (left < 0) {
		run_fail(h->table->run, "reading in hosts/ whether a host is held back");
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
		run_fail(h->table->run, "holding a host back");
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
		run_fail(h->table->run, "asking for a slot in hosts/");
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
	int kept = take_kept(h);

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

void
host_release_slot(struct host *h, int slot)
{
	if (h->limit && slot >= 0)
		slot_release(h->limit, slot); /* it leaves slots to other processes that wait */
}

void
host_keep_slot(struct host *h, int slot)
{
	struct host_table *t = h->table;

	if (h->limit && slot >= 0 && h->queue.count > 0 && t->kept_count < KEPT_MAX)
		t->kept[t->kept_count++] = (struct kept_slot){h, slot};
	else
		host_release_slot(h, slot);
}

void
host_table_release_kept(struct host_table *t)
{
	while (t->kept_count > 0) {
		struct kept_slot *k = &t->kept[--t->kept_count];

		host_release_slot(k->host, k->slot);
	}
}

bool
host_spend(struct host *h, size_t n)
{
	int64_t wait = h->bandwidth ? host_limits_spend(h->limit, n, (uint64_t)h->bandwidth) : 0;

	if (wait > 0)
		h->dry_until = clock_ms() + wait;
	if (wait < 0)
		run_fail(h->table->run, "counting a host's bytes");
	return wait >= 0;
}

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
	if (now - h->refused_since < h->table->run->set->give_up_ms)
		return;
	snprintf(why, sizeof(why), "it has refused connections for %lld s", (long long)(now - h->refused_since) / 1000);
	note_refusal(h, why);
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
		note_refusal(h, v->refusal);
	h->opt_outs += v->opted_out;
	if (v->network && v->kind == AGAIN && h->refusal)
		v->kind = FAILED;
}

/* --- which host --- */

static void
forgive_host(struct host *h)
{
	if (!h->table->run->set->work || !h->idle || !h->refused_since || clock_ms() - h->refused_last < FORGIVEN_MS)
		return;
	free(h->refusal);
	h->refusal = NULL;
	h->refused_since = 0;
}

/* Returns the length of "http://HOST:PORT" at the beginning of a URL; 0 if it has anything else, such as userinfo. */
static size_t
origin_length(const char *url, const char *end)
{
	const char *at = url;

	if (!scan_text(&at, end, "http://") && !scan_text(&at, end, "https://"))
		return 0;
	while (at < end &&
	       ((*at >= 'a' && *at <= 'z') || (*at >= '0' && *at <= '9') || *at == '.' || *at == '-' || *at == ':'))
		at++;
	return at < end && *at == '/' && at - url <= ORIGIN_MAX ? (size_t)(at - url) : 0;
}

/* The place of an origin of N bytes in KNOWN. */
static unsigned
origin_place(const char *url, size_t n)
{
	unsigned h = 5381;

	for (size_t i = 0; i < n; i++)
		h = h * 33 + (unsigned char)url[i];
	return h % KNOWN;
}

struct host *
host_table_find(const struct host_table *t, const char *url, const char *end)
{
	size_t n = origin_length(url, end);
	const struct known_origin *o = &t->known[origin_place(url, n)];

	return n && o->host && o->n == n && memcmp(o->text, url, n) == 0 ? o->host : NULL;
}

static void
note_origin(struct host_table *t, const char *url, struct host *h)
{
	size_t n = url ? origin_length(url, url + strlen(url)) : 0;
	struct known_origin *o;

	if (n == 0)
		return;
	o = &t->known[origin_place(url, n)];
	memcpy(o->text, url, n);
	o->n = n;
	o->host = h;
	h->has_origins = true;
}

static struct host *
host_of_url(struct host_table *t, const char *url)
{
	struct host_rule rule = {.rate = -1, .bandwidth = -1};
	struct host *h = url ? host_table_find(t, url, url + strlen(url)) : NULL;
	struct buf name = {0};

	if (h) {
		forgive_host(h);
		idle_cut(h);
		return h;
	}
	http_policy_host_key(t->rules, url, &name, &rule); /* "" for what has none: it fails at once */
	h = find_or_make(t, name.data);
	forgive_host(h);
	idle_cut(h);
	if (*name.data && !h->limit) {
		h->rule = rule;
		set_limits(h, name.data);
	}
	if (*name.data) /* a URL that is bad further on has no host, and says nothing of others with its origin */
		note_origin(t, url, h);
	buf_free(&name);
	return h;
}

struct host *
host_table_get(struct host_table *t, const struct job *j)
{
	return host_of_url(t, job_url(j));
}

struct host *
host_table_get_asked(struct host_table *t, const struct job *j)
{
	return host_of_url(t, j->url);
}

void
host_table_close(struct host_table *t)
{
	struct job *j;

	for (size_t i = 0; i < BUCKETS; i++)
		while (t->buckets[i]) {
			while ((j = job_list_take(&t->buckets[i]->queue)))
				job_free(j);
			free_host(t->buckets[i]);
		}
	host_limits_close(t->limits);
	host_rules_free(t->rules);
	free(t);
}

void
host_table_each(struct host_table *t, void (*act)(struct host *h, void *arg), void *arg)
{
	struct host **all = NULL;
	size_t n = 0;

	/* Only busy hosts: an idle one may be forgotten when another becomes idle. */
	for (size_t i = 0; i < BUCKETS; i++)
		for (struct host *h = t->buckets[i]; h; h = h->next) {
			if (h->idle)
				continue;
			all = buf_realloc(all, (n + 1) * sizeof(struct host *));
			all[n++] = h;
		}
	for (size_t i = 0; i < n; i++)
		act(all[i], arg);
	free(all);
}
