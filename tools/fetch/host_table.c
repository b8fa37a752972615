#include "host.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/msg.h"
#include "host_internal.h"
#include "hosts/host_limits.h"
#include "hosts/http_policy.h"
#include "known_origins.h"

/* Concurrent transfers: of local files, and of a host without a rule. */
enum { LOCAL_AT_ONCE = 4, USUAL_AT_ONCE = 6 };

/* The most idle hosts that are remembered; above that, those that were idle longest are forgotten. */
enum { IDLE_MAX = 2048 };

/* A worker runs for a long time, so it tries a host that refused connections again after this time. */
enum { FORGIVEN_MS = 5 * 60 * 1000 };

enum { BUCKETS = 1024, KEPT_MAX = 64 };

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
	struct known_origins known;
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

struct run *
host_run(const struct host *h)
{
	return h->table->run;
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

void
host_give_up(struct host *h, const char *why)
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
		host_give_up(h, http_policy_no_contact);
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

/* --- kept slots --- */

int
host_take_kept(const struct host *h)
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

/* --- which hosts there are --- */

static void
free_host(struct host *h)
{
	struct host **at = &h->table->buckets[bucket_of(h->name)];
	int kept;

	while (*at != h)
		at = &(*at)->next;
	*at = h->next;
	while ((kept = host_take_kept(h)) >= 0)
		host_release_slot(h, kept);
	idle_cut(h);
	host_pause(h, 0);
	if (h->in_turn)
		ring_cut(h);
	if (h->has_origins)
		known_origins_forget(&h->table->known, h);
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

static void
forgive_host(struct host *h)
{
	if (!h->table->run->set->work || !h->idle || !h->refused_since || clock_ms() - h->refused_last < FORGIVEN_MS)
		return;
	free(h->refusal);
	h->refusal = NULL;
	h->refused_since = 0;
}

struct host *
host_table_find(const struct host_table *t, const char *url, const char *end)
{
	return known_origins_find(&t->known, url, end);
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
	/* A URL that is bad further on has no host, and says nothing of others with its origin. */
	if (*name.data && known_origins_add(&t->known, url, h))
		h->has_origins = true;
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
			/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it takes the host out of the bucket */
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
