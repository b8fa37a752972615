#include "base/loop.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"

enum { EVENTS_MAX = 128 };

struct loop {
	int epoll;
	struct epoll_event events[EVENTS_MAX]; /* of this turn; NEXT to COUNT are not handled yet */
	int next, count;
	struct loop_timer **timers; /* a heap with the earliest timer first; the timer with AT == 1 is timers[0] */
	size_t timer_count;
	int64_t now;   /* when timers were run last */
	uint64_t turn; /* how many turns ran timers */
};

struct loop *
loop_new(void)
{
	struct loop *l;
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	if (epoll < 0)
		return NULL;
	l = buf_alloc(sizeof(*l));
	l->epoll = epoll;
	return l;
}

void
loop_free(struct loop *l)
{
	if (!l)
		return;
	close(l->epoll);
	free(l->timers);
	free(l);
}

int
loop_watch(struct loop *l, struct loop_watcher *w, int fd, uint32_t events)
{
	struct epoll_event e = {.events = events, .data.ptr = w};
	int op = w->events ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;

	if (w->events == events && w->fd == fd)
		return 0;
	if (!events) {
		loop_unwatch(l, w);
		return 0;
	}
	/* The kernel forgets a descriptor that is closed while it is watched, and its number may be in use again. */
	if (epoll_ctl(l->epoll, op, fd, &e) < 0 &&
	    ((errno != ENOENT && errno != EEXIST) ||
	     epoll_ctl(l->epoll, op == EPOLL_CTL_MOD ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &e) < 0))
		return -1;
	w->fd = fd;
	w->events = events;
	return 0;
}

void
loop_unwatch(struct loop *l, struct loop_watcher *w)
{
	if (!w->events)
		return;
	epoll_ctl(l->epoll, EPOLL_CTL_DEL, w->fd, NULL);
	w->events = 0;
	for (int i = l->next; i < l->count; i++)
		if (l->events[i].data.ptr == w)
			l->events[i].data.ptr = NULL;
}

/* --- timers --- */

static bool
is_earlier(const struct loop_timer *a, const struct loop_timer *b)
{
	return a->due < b->due || (a->due == b->due && a->turn < b->turn);
}

static void
put_timer(struct loop *l, struct loop_timer *t, size_t at)
{
	l->timers[at] = t;
	t->at = at + 1;
}

/* Finds the place of T, from the free place AT: towards the top while T is earlier, else towards the leaves. */
static void
sift_timer(struct loop *l, struct loop_timer *t, size_t at)
{
	for (; at > 0 && is_earlier(t, l->timers[(at - 1) / 2]); at = (at - 1) / 2)
		put_timer(l, l->timers[(at - 1) / 2], at);
	for (size_t child; (child = 2 * at + 1) < l->timer_count; at = child) {
		if (child + 1 < l->timer_count && is_earlier(l->timers[child + 1], l->timers[child]))
			child++;
		if (!is_earlier(l->timers[child], t))
			break;
		put_timer(l, l->timers[child], at);
	}
	put_timer(l, t, at);
}

void
loop_set_timer(struct loop *l, struct loop_timer *t, int64_t due)
{
	if (!t->at)
		l->timers = buf_grow(l->timers, l->timer_count, sizeof(struct loop_timer *));
	t->due = due > l->now ? due : l->now;
	t->turn = l->turn;
	if (t->at)
		sift_timer(l, t, t->at - 1);
	else
		sift_timer(l, t, l->timer_count++);
}

void
loop_stop_timer(struct loop *l, struct loop_timer *t)
{
	struct loop_timer *last;

	if (!t->at)
		return;
	last = l->timers[--l->timer_count];
	if (last != t)
		sift_timer(l, last, t->at - 1);
	t->at = 0;
}

/* --- the turn --- */

int
loop_run_once(struct loop *l)
{
	int n = epoll_wait(l->epoll, l->events, EVENTS_MAX, l->timer_count ? clock_left(l->timers[0]->due) : -1);

	if (n < 0 && errno != EINTR)
		return -1;
	l->count = n > 0 ? n : 0;
	for (l->next = 0; l->next < l->count;) {
		const struct epoll_event *e = &l->events[l->next++];
		struct loop_watcher *w = e->data.ptr;

		if (w && w->call)
			w->call(w->arg, e->events);
	}
	l->count = 0;
	/* Timers that are set during this turn for the present moment wait for the next turn. */
	l->now = clock_ms();
	l->turn++;
	while (l->timer_count && l->timers[0]->due <= l->now && l->timers[0]->turn != l->turn) {
		struct loop_timer *t = l->timers[0];

		loop_stop_timer(l, t);
		if (t->call)
			t->call(t->arg);
	}
	return 0;
}
