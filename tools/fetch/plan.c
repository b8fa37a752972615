/*
 * plan: which item is worked on when.
 */
#include <stdlib.h>
#include <string.h>

#include "fetch.h"

/*
 * How far ahead of the transfers items are looked at, so that a slow host's do not hold up others';
 * and how much of items that wait for other processes is looked at in one turn.
 */
enum { LOOK_AHEAD = 2048, LOOK_AHEAD_BYTES = 8 << 20, HELD_MS = 100, HELD_A_TURN = 4096, LOCAL_AT_ONCE = 4 };

void
plan_want(struct fetch *f, struct target *t, uint32_t item)
{
	struct run *last = f->run_end > f->run_at ? &f->runs[f->run_end - 1] : NULL;

	if (last && last->target == t && last->first + last->count == item) {
		last->count++;
		return;
	}
	if (f->run_end == f->run_room) {
		/* Make room by moving to the front, or by growing. */
		if (f->run_at > f->run_room / 2) {
			memmove(f->runs, f->runs + f->run_at, (f->run_end - f->run_at) * sizeof(*f->runs));
			f->run_end -= f->run_at;
			f->run_at = 0;
		} else {
			f->run_room = f->run_room ? f->run_room + f->run_room / 2 : 64;
			f->runs = buf_realloc(f->runs, f->run_room * sizeof(*f->runs));
		}
	}
	f->runs[f->run_end++] = (struct run){t, item, 1};
}

static void
hold(struct fetch *f, struct target *t, uint32_t item)
{
	if (f->held_count == f->held_room) {
		f->held_room = f->held_room ? 2 * f->held_room : 64;
		f->held = buf_realloc(f->held, f->held_room * sizeof(*f->held));
	}
	f->held[f->held_count++] = (struct want){t, item};
}

/* --- hosts --- */

static unsigned
bucket_of(const char *name)
{
	unsigned h = 5381;

	for (; *name; name++)
		h = h * 33 + (unsigned char)*name;
	return h % HOST_BUCKETS;
}

static struct host *
host_of(struct fetch *f, const char *name)
{
	struct host **at = &f->hosts[bucket_of(name)];
	struct host *h;

	while (*at && strcmp((*at)->name, name) != 0)
		at = &(*at)->next;
	if (*at)
		return *at;
	h = buf_alloc(sizeof(*h));
	h->name = buf_strdup(name);
	*at = h;
	return h;
}

static unsigned
cap_of(const struct fetch *f, const struct host *h)
{
	return *h->name ? (unsigned)f->set->per_host : LOCAL_AT_ONCE;
}

/* Puts a host into the ring of those that may start a job, or takes it out; frees one that nobody needs. */
static void
host_settle(struct fetch *f, struct host *h)
{
	bool may = h->queue.count > 0 && h->active < cap_of(f, h);

	if (may && !h->in_turn) {
		if (f->turn) {
			h->turn = f->turn;
			h->before = f->turn->before;
			h->before->turn = h;
			f->turn->before = h;
		} else {
			f->turn = h->turn = h->before = h;
		}
		h->in_turn = true;
	} else if (!may && h->in_turn) {
		h->before->turn = h->turn;
		h->turn->before = h->before;
		if (f->turn == h)
			f->turn = h->turn == h ? NULL : h->turn;
		h->in_turn = false;
	}
	if (h->queue.count == 0 && h->active == 0) {
		struct host **at = &f->hosts[bucket_of(h->name)];

		while (*at != h)
			at = &(*at)->next;
		*at = h->next;
		free(h->name);
		free(h);
	}
}

/* HOST:PORT of a URL as libcurl will read it into NAME, in lower case; "" for what has none: it fails at once. */
static void
host_name(const char *url, struct buf *name)
{
	CURLU *u = url ? curl_url() : NULL;
	char *host = NULL, *port = NULL;

	buf_clear(name);
	buf_str(name, "");
	if (u && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
	    curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
	    curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK)
		buf_printf(name, "%s:%s", host, port);
	for (size_t i = 0; i < name->len; i++)
		if (name->data[i] >= 'A' && name->data[i] <= 'Z')
			name->data[i] = (char)(name->data[i] + 'a' - 'A');
	curl_free(host);
	curl_free(port);
	curl_url_cleanup(u);
}

static struct host *
host_for(struct fetch *f, const struct job *j)
{
	struct buf name = {0};
	struct host *h;

	host_name(j->at ? j->at : j->url, &name);
	h = host_of(f, name.data);
	buf_free(&name);
	return h;
}

static void
enqueue(struct fetch *f, struct job *j, bool front)
{
	j->host = host_for(f, j);
	if (front)
		job_list_push(&j->host->queue, j);
	else
		job_list_add(&j->host->queue, j);
	f->queued++;
	f->queued_weight += j->weight;
	host_settle(f, j->host);
}

static void
dequeue(struct fetch *f, struct job *j)
{
	job_list_cut(&j->host->queue, j);
	f->queued--;
	f->queued_weight -= j->weight;
}

void
plan_requeue(struct fetch *f, struct job *j)
{
	enqueue(f, j, true);
}

void
plan_left(struct fetch *f, struct job *j)
{
	f->active--;
	j->host->active--;
	host_settle(f, j->host);
	j->host = NULL;
}

/* --- sleepers: a heap, the one to wake first at its top --- */

void
plan_again(struct fetch *f, struct job *j, long wait_ms)
{
	size_t at = f->sleeping_count++;

	j->wake = clock_ms() + wait_ms;
	if (at == f->sleeping_room) {
		f->sleeping_room = f->sleeping_room ? 2 * f->sleeping_room : 64;
		f->sleeping = buf_realloc(f->sleeping, f->sleeping_room * sizeof(struct job *));
	}
	while (at > 0 && f->sleeping[(at - 1) / 2]->wake > j->wake) {
		f->sleeping[at] = f->sleeping[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	f->sleeping[at] = j;
}

static struct job *
wake_first(struct fetch *f)
{
	struct job *first = f->sleeping[0];
	struct job *last = f->sleeping[--f->sleeping_count];
	size_t at = 0, child;

	while ((child = 2 * at + 1) < f->sleeping_count) {
		if (child + 1 < f->sleeping_count && f->sleeping[child + 1]->wake < f->sleeping[child]->wake)
			child++;
		if (last->wake <= f->sleeping[child]->wake)
			break;
		f->sleeping[at] = f->sleeping[child];
		at = child;
	}
	f->sleeping[at] = last;
	return first;
}

/* --- the turn --- */

/* Looks at one item: says what is settled, holds what others have, queues the rest. */
static void
look_at(struct fetch *f, struct target *t, uint32_t item)
{
	struct job *j;

	if (target_busy(t, item)) {
		hold(f, t, item);
		return;
	}
	if (batch_state(t->batch, item) == 'c') {
		settle_stored(f, t, item);
		return;
	}
	j = job_new(f, t, item);
	if (j)
		enqueue(f, j, false);
}

static void
look_ahead(struct fetch *f)
{
	while (f->run_at < f->run_end && f->queued < LOOK_AHEAD && f->queued_weight < LOOK_AHEAD_BYTES &&
	       !out_is_full(f) && !f->fatal) {
		struct run *r = &f->runs[f->run_at];
		uint32_t item = r->first++;

		if (--r->count == 0)
			f->run_at++;
		look_at(f, r->target, item);
	}
	if (f->run_at == f->run_end)
		f->run_at = f->run_end = 0;
}

/* Those that others held: settled, or free since their holder died, or still held. */
static void
look_at_held(struct fetch *f)
{
	size_t n = f->held_count < HELD_A_TURN ? f->held_count : HELD_A_TURN;

	f->held_next = clock_ms() + HELD_MS;
	while (n-- > 0 && f->held_count > 0 && f->queued < LOOK_AHEAD && !f->fatal) {
		size_t at = f->held_at < f->held_count ? f->held_at : 0;
		struct want w = f->held[at];
		char state = batch_state(w.target->batch, w.item);

		f->held_at = at + 1;
		if (target_busy(w.target, w.item) ||
		    (state != 'c' && state != 'f' && batch_is_claimed(w.target->batch, w.item)))
			continue;
		f->held[at] = f->held[--f->held_count];
		f->held_at = at;
		look_at(f, w.target, w.item);
	}
}

static void
begin(struct fetch *f, struct job *j)
{
	f->active++;
	j->host->active++;
	j->attempts++;
	if (j->file)
		local_begin(j);
	else
		http_begin(j);
}

/* Claims a queued item; what cannot be claimed is said or held, and its job is over. */
static bool
claim(struct fetch *f, struct job *j)
{
	struct target *t = j->target;
	uint32_t item = j->item;

	if (target_busy(t, item)) {
		hold(f, t, item);
		job_free(j);
		return false;
	}
	switch (batch_claim(t->batch, item, f->set->retry)) {
	case CLAIM_OURS:
		j->claimed = true;
		target_set_busy(t, item, true);
		return true;
	case CLAIM_HELD:
		hold(f, t, item);
		break;
	case CLAIM_DONE:
	case CLAIM_FAILED:
		settle_stored(f, t, item);
		break;
	case CLAIM_ERROR:
		fetch_fail(f, "claiming an item");
		break;
	}
	job_free(j);
	return false;
}

static void
start_some(struct fetch *f)
{
	while (f->turn && f->active < (unsigned)f->set->parallel && !settle_is_full(f) && !out_is_full(f) &&
	       !f->fatal) {
		struct host *h = f->turn;
		struct job *j = h->queue.first;

		f->turn = h->turn;
		dequeue(f, j);
		h->active++; /* so that it outlives a job that ends at once */
		if (j->claimed || claim(f, j))
			begin(f, j);
		h->active--;
		host_settle(f, h);
		look_ahead(f);
	}
}

void
plan_turn(struct fetch *f)
{
	while (f->sleeping_count && f->sleeping[0]->wake <= clock_ms())
		enqueue(f, wake_first(f), true);
	if (f->held_count && clock_ms() >= f->held_next)
		look_at_held(f);
	look_ahead(f);
	start_some(f);
}

bool
plan_is_empty(const struct fetch *f)
{
	return f->run_at == f->run_end && !f->held_count && !f->queued && !f->sleeping_count && !f->active;
}

int64_t
plan_due(const struct fetch *f)
{
	int64_t due = f->sleeping_count ? f->sleeping[0]->wake : -1;

	if (f->held_count && (due < 0 || f->held_next < due))
		due = f->held_next;
	return due;
}

void
plan_drop_all(struct fetch *f)
{
	struct job_list *lists[] = {&f->local, &f->ended};

	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++)
		while (lists[i]->first) {
			struct job *j = lists[i]->first;

			job_list_cut(lists[i], j);
			job_free(j);
		}
	while (f->sleeping_count)
		job_free(wake_first(f));
	for (size_t i = 0; i < HOST_BUCKETS; i++)
		for (struct host *h = f->hosts[i], *next; h; h = next) {
			next = h->next;
			while (h->queue.first) {
				struct job *j = h->queue.first;

				job_list_cut(&h->queue, j);
				job_free(j);
			}
			free(h->name);
			free(h);
		}
	free(f->sleeping);
	free(f->runs);
	free(f->held);
}
