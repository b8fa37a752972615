/*
 * host: the places that items come from, each with its queue, and which of them may start a transfer now.
 *
 * A host that may stands in a ring and gets its turn; one that the governor puts off waits for its moment; one with all
 * its transfers under way stands nowhere until one of them ends.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fetch.h"
#include "hosts/host_limits.h"
#include "hosts/http_policy.h"

/* Transfers at once: of files of this machine, and of a host that no rule says anything of. */
enum { LOCAL_AT_ONCE = 4, USUAL_AT_ONCE = 6 };

/* Hosts of which only what was learned is left: those beyond that are forgotten, the longest idle first. */
enum { IDLE_MAX = 2048 };

/* A worker lives for long: what refused connections is asked again when it has been left alone for so long. */
enum { FORGIVEN_MS = 5 * 60 * 1000 };

static unsigned
bucket_of(const char *name)
{
	unsigned h = 5381;

	for (; *name; name++)
		h = h * 33 + (unsigned char)*name;
	return h % HOST_BUCKETS;
}

static struct host *
host_named(struct fetch *f, const char *name)
{
	struct host **at = &f->hosts[bucket_of(name)];
	struct host *h;

	while (*at && strcmp((*at)->name, name) != 0)
		at = &(*at)->next;
	if (*at)
		return *at;
	h = buf_alloc(sizeof(*h));
	h->name = buf_strdup(name);
	h->cap = LOCAL_AT_ONCE;
	*at = h;
	return h;
}

/* What the command line says counts for what it says; else the host's rule; else what is usual. */
static void
set_limits(struct fetch *f, struct host *h, const char *key)
{
	const struct settings *set = f->set;
	const struct host_rule *r = &h->rule;
	double rate = set->rate > 0 ? set->rate : r->rate > 0 ? r->rate : 0;

	h->cap = set->per_host ? (unsigned)set->per_host : r->slots ? r->slots : USUAL_AT_ONCE;
	h->bandwidth = set->limit_rate ? set->limit_rate : r->bandwidth > 0 ? r->bandwidth : 0;
	h->governed = host_limits_enter(f->governor, key, h->cap, rate);
	if (!h->governed)
		fetch_fail(f, "taking part in hosts/");
	if (r->contact && !set->contact && !set->user_agent)
		host_refuse(h, http_policy_no_contact);
}

static void
ring_add(struct fetch *f, struct host *h)
{
	if (f->turn) {
		h->turn = f->turn;
		h->before = f->turn->before;
		h->before->turn = h;
		f->turn->before = h;
	} else {
		f->turn = h->turn = h->before = h;
	}
	h->in_turn = true;
}

static void
ring_cut(struct fetch *f, struct host *h)
{
	h->before->turn = h->turn;
	h->turn->before = h->before;
	if (f->turn == h)
		f->turn = h->turn == h ? NULL : h->turn;
	h->in_turn = false;
}

static void
idle_cut(struct fetch *f, struct host *h)
{
	if (!h->idle)
		return;
	*(h->idle_before ? &h->idle_before->idle_next : &f->idle) = h->idle_next;
	*(h->idle_next ? &h->idle_next->idle_before : &f->last_idle) = h->idle_before;
	h->idle_before = h->idle_next = NULL;
	h->idle = false;
	f->idle_count--;
}

/* A slot of the host that was kept, no longer so; -1 for none. */
static int
kept_of(struct fetch *f, const struct host *h)
{
	for (size_t i = 0; i < f->kept_count; i++)
		if (f->kept[i].host == h) {
			int slot = f->kept[i].slot;

			f->kept[i] = f->kept[--f->kept_count];
			return slot;
		}
	return -1;
}

static void
host_free(struct fetch *f, struct host *h)
{
	struct host **at = &f->hosts[bucket_of(h->name)];
	int kept;

	while (*at != h)
		at = &(*at)->next;
	*at = h->next;
	while ((kept = kept_of(f, h)) >= 0)
		host_give_back(h, kept);
	idle_cut(f, h);
	host_wait(f, h, 0);
	if (h->in_turn)
		ring_cut(f, h);
	host_limits_leave(h->governed);
	free(h->refusal);
	runs_free(&h->parked);
	free(h->name);
	free(h);
}

/* Keeps what was learned of a host that has nothing to do. */
static void
idle_add(struct fetch *f, struct host *h)
{
	h->idle_before = f->last_idle;
	*(f->last_idle ? &f->last_idle->idle_next : &f->idle) = h;
	f->last_idle = h;
	h->idle = true;
	if (++f->idle_count > IDLE_MAX)
		host_free(f, f->idle);
}

void
host_settle(struct fetch *f, struct host *h)
{
	bool may = h->queue.count > 0 && h->active < h->cap && !h->due;

	if (may && !h->in_turn)
		ring_add(f, h);
	else if (!may && h->in_turn)
		ring_cut(f, h);
	idle_cut(f, h);
	if (h->queue.count > 0 || h->active > 0 || !runs_empty(&h->parked))
		return;
	if (h->refusal || h->refused_since || h->opt_outs)
		idle_add(f, h);
	else
		host_free(f, h);
}

/* --- waiting for a moment --- */

void
host_wait(struct fetch *f, struct host *h, int64_t due)
{
	if (due && !h->due) {
		h->next_waiting = f->waiting;
		f->waiting = h;
	} else if (!due && h->due) {
		struct host **at = &f->waiting;

		while (*at != h)
			at = &(*at)->next_waiting;
		*at = h->next_waiting;
	}
	h->due = due;
}

void
hosts_wake(struct fetch *f)
{
	int64_t now = clock_ms();
	struct host *next;

	for (struct host *h = f->waiting; h; h = next) {
		next = h->next_waiting;
		if (h->due > now)
			continue;
		host_wait(f, h, 0);
		host_settle(f, h);
	}
}

int64_t
hosts_due(const struct fetch *f)
{
	int64_t due = -1;

	for (const struct host *h = f->waiting; h; h = h->next_waiting)
		if (due < 0 || h->due < due)
			due = h->due;
	return due;
}

/* --- slots --- */

bool
host_slot(struct fetch *f, struct host *h, int *slot)
{
	int64_t wait = 0;
	int kept = kept_of(f, h);

	/* Jobs of a host that is given up end at once: they need no slot. */
	*slot = -1;
	if (h->refusal) {
		host_give_back(h, kept);
		return true;
	}
	if (!h->governed)
		*slot = 0;
	else
		*slot = kept < 0 ? slot_acquire(h->governed, &wait) : slot_reacquire(h->governed, kept, &wait);
	if (*slot >= 0)
		return true;
	if (*slot == -1) {
		host_wait(f, h, clock_ms() + wait);
		host_settle(f, h);
	} else {
		fetch_fail(f, "asking for a slot in hosts/");
	}
	return false;
}

void
host_give_back(struct host *h, int slot)
{
	if (h->governed && slot >= 0)
		slot_release(h->governed, slot); /* it stands back where another process waits */
}

void
host_keep(struct fetch *f, struct host *h, int slot)
{
	if (h->governed && slot >= 0 && h->queue.count > 0 && f->kept_count < KEPT_MAX)
		f->kept[f->kept_count++] = (struct kept_slot){h, slot};
	else
		host_give_back(h, slot);
}

void
hosts_give_back_kept(struct fetch *f)
{
	while (f->kept_count > 0) {
		struct kept_slot *k = &f->kept[--f->kept_count];

		host_give_back(k->host, k->slot);
	}
}

void
host_refuse(struct host *h, const char *why)
{
	if (!h->refusal)
		h->refusal = buf_strdup(why);
}

void
host_hold(struct fetch *f, struct host *h, long ms)
{
	if (h->governed && host_limits_hold(h->governed, ms) < 0)
		fetch_fail(f, "holding a host back");
}

bool
host_spend(struct fetch *f, struct host *h, size_t n)
{
	int64_t wait = h->bandwidth ? host_limits_spend(h->governed, n, (uint64_t)h->bandwidth) : 0;

	if (wait > 0)
		h->dry_until = clock_ms() + wait;
	if (wait < 0)
		fetch_fail(f, "counting a host's bytes");
	return wait >= 0;
}

/* --- which host --- */

static void
forgive(const struct fetch *f, struct host *h)
{
	if (!f->set->work || !h->idle || !h->refused_since || clock_ms() - h->refused_last < FORGIVEN_MS)
		return;
	free(h->refusal);
	h->refusal = NULL;
	h->refused_since = 0;
}

struct host *
host_of_job(struct fetch *f, const struct job *j)
{
	struct host_rule rule = {.rate = -1, .bandwidth = -1};
	struct buf name = {0};
	struct host *h;

	http_policy_host_key(f->rules, j->at ? j->at : j->url, &name,
			     &rule); /* "" for what has none: it fails at once */
	h = host_named(f, name.data);
	forgive(f, h);
	idle_cut(f, h);
	if (*name.data && !h->governed) {
		h->rule = rule;
		set_limits(f, h, name.data);
	}
	buf_free(&name);
	return h;
}

void
hosts_drop_all(struct fetch *f)
{
	for (size_t i = 0; i < HOST_BUCKETS; i++)
		while (f->hosts[i]) {
			struct host *h = f->hosts[i];

			while (h->queue.first) {
				struct job *j = h->queue.first;

				job_list_cut(&h->queue, j);
				job_free(j);
			}
			host_free(f, h);
		}
}

void
hosts_each(struct fetch *f, void (*act)(struct fetch *f, struct host *h, struct target *t), struct target *t)
{
	struct host **all = NULL;
	size_t n = 0;

	/* Those with something to do: of the others one may vanish for any that becomes idle. */
	for (size_t i = 0; i < HOST_BUCKETS; i++)
		for (struct host *h = f->hosts[i]; h; h = h->next) {
			if (h->idle)
				continue;
			all = buf_realloc(all, (n + 1) * sizeof(struct host *));
			all[n++] = h;
		}
	for (size_t i = 0; i < n; i++)
		act(f, all[i], t);
	free(all);
}
